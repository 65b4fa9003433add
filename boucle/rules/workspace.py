"""A workspace's texts → everything that its authors wrote, checked; or every mistake, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from boucle.errors import Mistake, Place
from boucle.rules.declarations.facts_file import NOTHING, ReadFacts, read_facts
from boucle.rules.declarations.params import Known, PlayParams
from boucle.rules.declarations.policy_file import UNREADABLE, ReadPolicy, read_policy
from boucle.rules.declarations.rules_file import read_rule_set
from boucle.rules.files import FACTS, POLICY, RULES
from boucle.rules.language.condition_sites import check_lists_used
from boucle.rules.ruleset import RuleSet, Workspace
from boucle.rules.strict_yaml.file_mistakes import MissingFile, NeedsOnlyWhen, NoAgeLimit, Repeated
from boucle.rules.strict_yaml.source import Mapping_, Node, read_yaml

__all__ = ["Known", "PlayParams", "load"]


def load(
    texts: Mapping[str, str], plays: PlayParams, known: Known, *, today: date
) -> tuple[Workspace | None, list[Mistake]]:
    """Read a workspace from its texts by path; None where there is any error.

    `plays` and `known` say what a rule can start and which teams and templates exist; `today` only
    decides on the warning of a passed `review_by`. Mistakes come sorted by file, line and column.
    """
    mistakes: list[Mistake] = []
    nodes, syntax = _read_all(texts)
    facts = _facts(texts, nodes, plays, mistakes)
    policy = _policy(texts, nodes, facts, plays, mistakes)
    rule_sets: list[RuleSet] = []
    for path in _rule_paths(texts):
        if path in nodes:
            rule_set, found = read_rule_set(nodes[path], facts, policy, plays, known, today)
            mistakes.extend(found)
            rule_sets.extend([rule_set] if rule_set else [])
    mistakes.extend(_check_together(texts, rule_sets))
    mistakes.extend([] if syntax else check_lists_used(facts.lists, nodes.values()))
    sorted_mistakes = _sorted([*syntax, *_without_echoes(mistakes, syntax)])
    if any(mistake.severity == "error" for mistake in sorted_mistakes):
        return None, sorted_mistakes
    return Workspace(facts.catalogue, policy.policy, tuple(rule_sets)), sorted_mistakes


def _read_all(texts: Mapping[str, str]) -> tuple[dict[str, Node], list[Mistake]]:
    """The tree of each file that has one, and what YAML makes of none of them."""
    nodes: dict[str, Node] = {}
    mistakes: list[Mistake] = []
    for path in (FACTS, POLICY, *_rule_paths(texts)):
        if path in texts:
            node, found = read_yaml(texts[path], path)
            mistakes.extend(found)
            nodes.update({path: node} if node is not None else {})
    return nodes, mistakes


def _rule_paths(texts: Mapping[str, str]) -> list[str]:
    return sorted(path for path in texts if path.startswith(f"{RULES}/"))


def _facts(
    texts: Mapping[str, str], nodes: Mapping[str, Node], plays: PlayParams, mistakes: list[Mistake]
) -> ReadFacts:
    if FACTS not in texts:
        mistakes.append(MissingFile(Place(FACTS, 1, 1), FACTS))
    if FACTS not in nodes:
        return NOTHING
    facts, found = read_facts(nodes[FACTS], frozenset(plays))
    mistakes.extend(found)
    return facts


def _policy(
    texts: Mapping[str, str],
    nodes: Mapping[str, Node],
    facts: ReadFacts,
    plays: PlayParams,
    mistakes: list[Mistake],
) -> ReadPolicy:
    if POLICY not in texts:
        mistakes.append(NoAgeLimit(Place(POLICY, 1, 1)))
        return ReadPolicy()
    if POLICY not in nodes:
        return UNREADABLE
    policy, found = read_policy(nodes[POLICY], facts, plays, _definition_names(nodes))
    mistakes.extend(found)
    return policy


def _definition_names(nodes: Mapping[str, Node]) -> frozenset[str]:
    """What the rule files define, right or wrong."""
    defines = (node.find("define") for node in nodes.values() if isinstance(node, Mapping_))
    mappings = (define for define in defines if isinstance(define, Mapping_))
    return frozenset(name.text for define in mappings for name, _ in define.entries)


def _check_together(texts: Mapping[str, str], rule_sets: Sequence[RuleSet]) -> list[Mistake]:
    """What can only be seen across the rule files."""
    found: list[Mistake] = []
    if not _rule_paths(texts):
        found.append(MissingFile(Place(f"{RULES}/", 1, 1), "file of rules"))
    seen: dict[str, Place] = {}
    for rule_set in rule_sets:
        if rule_set.name in seen:
            found.append(Repeated(rule_set.place, "rule set", rule_set.name, seen[rule_set.name].file))
        seen.setdefault(rule_set.name, rule_set.place)
        if rule_set.only_when is None and len(rule_sets) > 1:
            found.append(NeedsOnlyWhen(rule_set.place, rule_set.name, len(rule_sets)))
    return found


def _without_echoes(mistakes: Sequence[Mistake], syntax: Sequence[Mistake]) -> list[Mistake]:
    """Each mistake once, and nothing more about a line that YAML could not read as it was meant."""
    broken = {_line(mistake) for mistake in syntax}
    return [mistake for mistake in dict.fromkeys(mistakes) if _line(mistake) not in broken]


def _line(mistake: Mistake) -> tuple[str, int]:
    return mistake.place.file, mistake.place.line


def _sorted(mistakes: Sequence[Mistake]) -> list[Mistake]:
    return sorted(mistakes, key=lambda mistake: (mistake.place, mistake.code, mistake.message))
