"""`tests/*.yaml` → the rule tests of a workspace, checked; or every mistake, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from boucle.errors import Mistake, Place
from boucle.rules.declarations.params import PlayParams
from boucle.rules.files import find_tests
from boucle.rules.ruleset import RuleSet, Workspace
from boucle.rules.strict_yaml.file_mistakes import BadValue, Repeated
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.headers import open_file
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_, read_yaml
from boucle.rules.testing.case_entry import WORLD_KEYS, read_defaults, read_step, read_world
from boucle.rules.testing.case_mistakes import ExpectsNothing, NotInWorkspace, RowLength, StepsOutOfOrder
from boucle.rules.testing.cases import Defaults, RuleTest, Step, TestFile
from boucle.rules.testing.expectation import EXPECT_KEYS, Surroundings
from boucle.rules.worded import did_you_mean, listed, shortened

HEADER = "rule-tests/v1"

_RESPONSE = frozenset(("facts", "now", "responded_at", "contact", "customer", "arms"))
_DEFAULTS = _RESPONSE - {"responded_at"} | WORLD_KEYS
_SINGLE = _RESPONSE | WORLD_KEYS | {"name", "expect"}
_TABLE = _SINGLE | {"columns", "rows"}
_STEPPED = _SINGLE - {"now", "responded_at", "expect", "counted", "open_loop"} | {"steps"}
_STEP = _RESPONSE - {"now"} | {"at", "expect", "close"}
_CELLS = frozenset(("now", "responded_at", "contact", "customer"))
"""What a column of a table can be beside a fact and a key of `expect`."""


def read_tests(
    texts: Mapping[str, str], workspace: Workspace, plays: PlayParams
) -> tuple[list[TestFile], list[Mistake]]:
    """The test files among a workspace's texts, by path; mistakes sorted by place.

    `workspace` is the one that the same texts say, without errors. A file without a word holds no
    tests: so does one into which a shell is about to write the first.
    """
    files: list[TestFile] = []
    mistakes: list[Mistake] = []
    for path in find_tests(texts):
        node, syntax = read_yaml(texts[path], path)
        mistakes.extend(syntax)
        broken = {mistake.place.line for mistake in syntax}
        file, found = read_file(node, workspace, plays) if node is not None else (None, [])
        mistakes.extend(mistake for mistake in found if mistake.place.line not in broken)
        files.extend([file] if file else [])
    every = dict.fromkeys(mistakes)
    return files, sorted(every, key=lambda mistake: (mistake.place, mistake.code, mistake.message))


def read_file(node: Node, workspace: Workspace, plays: PlayParams) -> tuple[TestFile | None, list[Mistake]]:
    """One file of tests; None where it does not say which rule set it is about."""
    mistakes: list[Mistake] = []
    form = open_file(node, HEADER, "the file of tests", mistakes)
    if form is None:
        return None, mistakes
    form.check_keys({"boucle", "ruleset", "defaults", "tests"})
    form.require("ruleset", "tests")
    rule_set = _find_rule_set(form, workspace)
    if rule_set is None:
        return None, mistakes
    around = Surroundings(workspace, rule_set, plays)
    defaults = form.form("defaults", "'defaults'") if form.has("defaults") else None
    if defaults is not None:
        defaults.check_keys(_DEFAULTS)
    entries = form.forms("tests", "test") if form.has("tests") else []
    _check_names(entries)
    tests = [test for entry in entries for test in _read_entry(entry, defaults, around)]
    indent = entries[0].place.column - len("- ") - 1 if entries else 2
    shared = read_defaults(defaults, around) if defaults else Defaults()
    return TestFile(form.place.file, rule_set.name, shared, tuple(tests), indent), mistakes


def _find_rule_set(form: Form, workspace: Workspace) -> RuleSet | None:
    value = form.scalar("ruleset", "the name of a rule set") if form.has("ruleset") else None
    if value is None:
        return None
    sets = {rule_set.name: rule_set for rule_set in workspace.rule_sets}
    if value.text not in sets:
        guess = did_you_mean(value.text, sets)
        form.refuse(NotInWorkspace(value.place, "rule set", shortened(value.text), guess, listed(sets)))
    return sets.get(value.text)


def _check_names(entries: Sequence[Form]) -> None:
    seen: dict[str, Place] = {}
    for entry in entries:
        entry.require("name")
        value = entry.node.find("name")
        if not isinstance(value, Scalar):
            continue
        if value.text in seen:
            first = f"line {seen[value.text].line}"
            entry.refuse(Repeated(value.place, "test", shortened(value.text), first))
        seen.setdefault(value.text, value.place)


# -- the three kinds of tests -------------------------------------------------------------------


def _read_entry(form: Form, defaults: Form | None, around: Surroundings) -> list[RuleTest]:
    """The tests that one entry says: one, or one for each row of its table."""
    name = (form.text("name") if form.has("name") else None) or "?"
    form.what = f"test '{shortened(name)}'"
    layers = (form, defaults) if defaults else (form,)
    if form.has("steps"):
        form.check_keys(_STEPPED)
        return _read_stepped(form, name, layers, around)
    if form.has("columns") or form.has("rows"):
        form.check_keys(_TABLE)
        form.require("columns", "rows")
        return _read_table(form, name, layers, around)
    form.check_keys(_SINGLE)
    step = read_step(layers, around, needs_expect=True)
    return [_test(name, form.place, (step,), layers, around)] if step else []


def _test(
    name: str, place: Place, steps: tuple[Step, ...], layers: tuple[Form, ...], around: Surroundings
) -> RuleTest:
    return RuleTest(name, place, around.rule_set.name, steps, read_world(layers, around))


def _read_table(form: Form, name: str, layers: tuple[Form, ...], around: Surroundings) -> list[RuleTest]:
    columns = form.texts("columns", "a list of facts and keys of 'expect'") if form.has("columns") else []
    rows = form.items("rows", "a list of rows") if form.has("rows") else ()
    if form.has("rows") and not rows:
        form.refuse(ExpectsNothing(form.place, form.what))
    tests: list[RuleTest] = []
    for number, row in enumerate(rows, 1):
        cells = row.items if isinstance(row, Sequence_) else ()
        if len(cells) != len(columns):
            form.refuse(RowLength(row.place, len(cells), len(columns)))
            continue
        below = _row_form(columns, cells, row.place, form)
        step = read_step((below, *layers), around, needs_expect=True)
        if step is not None:
            tests.append(_test(f"{name}, row {number}", row.place, (step,), layers, around))
    return tests


def _row_form(columns: Sequence[Scalar], cells: Sequence[Node], place: Place, form: Form) -> Form:
    """A row as the case that it stands for: its cells under `facts`, `expect`, or their own names."""
    kinds: dict[str, list[tuple[Scalar, Node]]] = {"facts": [], "expect": [], "": []}
    for column, cell in zip(columns, cells, strict=True):
        kind = "expect" if column.text in EXPECT_KEYS else "" if column.text in _CELLS else "facts"
        kinds[kind].append((column, cell))
    own = kinds.pop("")
    grouped = [(Scalar(kind, place), Mapping_(tuple(found), place)) for kind, found in kinds.items() if found]
    return Form(Mapping_((*own, *grouped), place), f"a row of {form.what}", form.mistakes)


def _read_stepped(form: Form, name: str, layers: tuple[Form, ...], around: Surroundings) -> list[RuleTest]:
    entries = form.forms("steps", "step")
    for entry in entries:
        entry.check_keys(_STEP)
        entry.require("at")
    if not any(entry.has("expect") for entry in entries):
        form.refuse(ExpectsNothing(form.place, form.what))
    read = [read_step((entry, *layers), around, needs_expect=False, stepped=True) for entry in entries]
    steps = tuple(step for step in read if step is not None)
    for before, after in pairwise(steps):
        if after.at < before.at:
            form.refuse(StepsOutOfOrder(before.place, _shown(before), _shown(after)))
    if not entries:
        value = form.node.find("steps")
        place = value.place if value is not None else form.place
        form.refuse(BadValue(place, "steps", "[]", "a test with steps has at least one"))
    return [_test(name, form.place, steps, layers, around)] if steps and len(steps) == len(entries) else []


def _shown(step: Step) -> str:
    return step.at.isoformat().replace("+00:00", "Z")
