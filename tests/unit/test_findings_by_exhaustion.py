"""The findings of random programmes, held against a plain enumeration of every case they can meet."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import pytest

from boucle.errors import Mistake, Place
from boucle.model import Truth
from boucle.rules.analysis.findings import find_all
from boucle.rules.analysis.partition import Asked, Cell, Partition, partition, read_truths
from boucle.rules.bundle import Bundle, CompiledRuleSet
from boucle.rules.condition import And, Expr, Or
from boucle.rules.expressions import children
from boucle.rules.ruleset import Workspace
from tests.unit.small_programme import compile_sound, texts_of

ATOMS = (
    "detractor", "passive", "promoter", "nps <= 3", "nps >= 5", "nps in 6..9", "nps is known",
    'customer.segment == "key"', 'customer.segment in ["key", "trial"]', "consent.follow_up", "key_account",
    'customer.tags has "vip"', 'not customer.tags has any ["vip", "reference"]',
)  # fmt: skip

HEAD = """\
boucle: rules/v1
ruleset: nps
{only_when}define:
  key_account:
    when: 'customer.segment in ["key", "strategic"] or customer.tags has "vip"'
    if_unknown: false
rules:
"""


@dataclass(frozen=True)
class Case:
    """One cell, and what each condition is in it."""

    cell: Cell
    decided: bool
    rules: Mapping[str, Truth]
    fallback: bool
    reasons: Mapping[str, Truth]

    @property
    def winner(self) -> str | None:
        return next((rule for rule, truth in self.rules.items() if truth == "true"), None)

    @property
    def falls_back(self) -> bool:
        return self.winner is None and "undecided" in self.rules.values() and self.fallback

    @property
    def reason(self) -> str | None:
        if self.winner or self.falls_back:
            return None
        return next((code for code, truth in self.reasons.items() if truth == "true"), "built in")

    @property
    def is_gap(self) -> bool:
        """With a score: no condition reads `csat.delivery`, so that it can always be known."""
        return self.reason == "built in" and "undecided" not in self.rules.values()


def condition(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(ATOMS)
    if chance.random() < 0.15:
        return f"not ({condition(chance, depth - 1)})"
    return (
        f"({chance.choice((' and ', ' and ', ' or ')).join(condition(chance, depth - 1) for _ in range(2))})"
    )


def programme(chance: random.Random) -> str:
    """A rule set of a few rules and reasons with random conditions."""
    only_when = chance.choice(("", "only_when: nps is known\n", "only_when: nps >= 4\n"))
    rules = "".join(
        f"  - id: rule-{number}\n    when: |-\n      {condition(chance, 2)}\n    start: csm_case\n"
        for number in range(chance.choice((3, 4, 5)))
    )
    fallback = chance.choice(("undecided: record\n", "undecided:\n  when: detractor\n  start: csm_case\n"))
    reasons = "".join(
        f"  - code: reason-{number}\n    when: |-\n      {condition(chance, 1)}\n    text: Reason\n"
        for number in range(2)
    )
    return HEAD.format(only_when=only_when) + rules + fallback + "otherwise:\n" + reasons


def conditions_of(rule_set: CompiledRuleSet) -> list[Expr]:
    found = [rule_set.only_when.when] if rule_set.only_when else []
    found += [rule.condition.when for rule in rule_set.rules]
    found += [rule_set.undecided.condition.when] if rule_set.undecided.condition else []
    return found + [reason.condition.when for reason in rule_set.otherwise]


def enumerate_cases(bundle: Bundle) -> list[Case]:
    """Every cell over all facts of the rule set, read as a decision reads it."""
    rule_set = bundle.rule_sets[0]
    found = partition(
        bundle.catalogue, [Asked(when, rule_set.definitions) for when in conditions_of(rule_set)]
    )
    assert isinstance(found, Partition)
    cells = list(found.cells())
    return [
        Case(
            cell,
            rule_set.only_when is None or truths[rule_set.only_when.slot] == "true",
            {rule.id: truths[rule.condition.slot] for rule in rule_set.rules},
            rule_set.undecided.play is not None
            and (rule_set.undecided.condition is None or truths[rule_set.undecided.condition.slot] == "true"),
            {reason.code: truths[reason.condition.slot] for reason in rule_set.otherwise},
        )
        for cell, truths in zip(cells, read_truths(bundle, cells), strict=True)
    ]


def fewest(cases: Iterable[Case], rule: str, above: list[str]) -> int | None:
    """How many rules above it takes to leave a rule nothing; None: they do not, all together."""
    taken = [
        {one for one in above if case.rules[one] == "true"} for case in cases if case.rules[rule] == "true"
    ]
    for size in range(len(above) + 1):
        if any(all(set(some) & case for case in taken) for some in combinations(above, size)):
            return size
    return None


def names(mistakes: Iterable[Mistake], code: str, pattern: str) -> set[str]:
    found = (re.search(pattern, one.message) for one in mistakes if one.code == code)
    return {match[1] for match in found if match}


@pytest.fixture(scope="module", params=range(25))
def looked_at(request: pytest.FixtureRequest) -> tuple[Workspace, Bundle, list[Case], tuple[Mistake, ...]]:
    chance = random.Random(request.param)  # noqa: S311 reproducible, not secret
    workspace, bundle = compile_sound(texts_of(programme(chance)))
    findings = find_all(workspace, bundle)
    assert findings.unfinished == ()
    return workspace, bundle, enumerate_cases(bundle), findings.mistakes


LookedAt = tuple[Workspace, Bundle, list[Case], tuple[Mistake, ...]]


def test_rules_that_never_fire_are_those_that_never_win(looked_at: LookedAt) -> None:
    _, bundle, cases, mistakes = looked_at
    decided = [case for case in cases if case.decided]
    rules = [rule.id for rule in bundle.rule_sets[0].rules]
    never_true = names(mistakes, "B302", r"^'(rule-\d)' is never true")
    assert never_true == {rule for rule in rules if all(case.rules[rule] != "true" for case in decided)}
    found = {
        match[1]: len(re.findall(r"'rule-\d'", match[2]))
        for one in mistakes
        if one.code == "B301" and (match := re.search(r"^'(rule-\d)' can never fire: (.*)", one.message))
    }
    shadowed = {rule: fewest(decided, rule, rules[:number]) for number, rule in enumerate(rules)}
    assert found == {rule: size for rule, size in shadowed.items() if size and rule not in never_true}


def test_conditions_that_are_always_true_are_told(looked_at: LookedAt) -> None:
    _, _, cases, mistakes = looked_at
    always = {rule for rule in cases[0].rules if all(case.rules[rule] == "true" for case in cases)}
    always |= {code for code in cases[0].reasons if all(case.reasons[code] == "true" for case in cases)}
    told = names(mistakes, "B302", r"'(rule-\d)' is always") | names(
        mistakes, "B302", r"'(reason-\d)' is always"
    )
    assert told == always


def test_a_gap_is_told_where_there_is_one(looked_at: LookedAt) -> None:
    _, _, cases, mistakes = looked_at
    assert any(one.code == "B304" for one in mistakes) == any(case.decided and case.is_gap for case in cases)


def test_reasons_that_are_never_given_are_told(looked_at: LookedAt) -> None:
    _, _, cases, mistakes = looked_at
    decided = [case for case in cases if case.decided]
    given = {case.reason for case in decided}
    possible = {code for code in cases[0].reasons if any(case.reasons[code] == "true" for case in decided)}
    assert names(mistakes, "B307", r"^the reason '(reason-\d)'") == possible - given


def test_rules_that_fire_below_an_undecided_one_are_told(looked_at: LookedAt) -> None:
    _, bundle, cases, mistakes = looked_at
    rules = [rule.id for rule in bundle.rule_sets[0].rules]
    found = {
        rule
        for number, rule in enumerate(rules)
        if any(
            case.decided
            and case.winner == rule
            and "undecided" in [case.rules[one] for one in rules[:number]]
            for case in cases
        )
    }
    assert names(mistakes, "B305", r"^'(rule-\d)' fires while") == found


def test_parts_that_change_nothing_are_told(looked_at: LookedAt) -> None:
    workspace, bundle, _, mistakes = looked_at
    told = {one.place for one in mistakes if one.code == "B306"}
    constant = names(mistakes, "B302", r"'(rule-\d)' is")
    for placed, rule in zip(workspace.rule_sets[0].rules, bundle.rule_sets[0].rules, strict=True):
        when = rule.condition.when
        if not isinstance(when, And | Or) or rule.id in constant or not isinstance(placed.when, And | Or):
            continue
        idle = [number for number in range(len(when.parts)) if is_idle(bundle, when, number)]
        shown = [place in told for place in places_below(placed.when)]
        assert any(shown) or not idle, rule.id


def places_below(expr: Expr) -> Iterator[Place]:
    for part in children(expr):
        yield part.place
        yield from places_below(part)


def is_idle(bundle: Bundle, when: And | Or, number: int) -> bool:
    """Whether a part of the topmost `and` or `or` can be left out, by every cell."""
    left = when.parts[:number] + when.parts[number + 1 :]
    rest = left[0] if len(left) == 1 else type(when)(left, when.place)
    own = bundle.rule_sets[0].definitions
    found = partition(bundle.catalogue, [Asked(when, own), Asked(rest, own)])
    assert isinstance(found, Partition)
    return all(one == other for _, (one, other) in found.all_truths())
