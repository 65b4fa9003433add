"""A response that is only supposed: JSON or YAML that somebody wrote → what the rules would say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from boucle.errors import Mistake
from boucle.rules.bundle import Bundle
from boucle.rules.declarations.params import PlayParams
from boucle.rules.expressions import NOWHERE
from boucle.rules.ruleset import RuleSet, Undecided, Workspace
from boucle.rules.strict_yaml.file_mistakes import WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_, read_yaml
from boucle.rules.testing.case_entry import WORLD_KEYS, read_step, read_world
from boucle.rules.testing.cases import RuleTest
from boucle.rules.testing.expectation import Surroundings
from boucle.rules.testing.runner import Answered, run_test

_KEYS = frozenset(("facts", "now", "responded_at", "contact", "customer", "arms")) | WORLD_KEYS


@dataclass(frozen=True)
class Supposed:
    """A supposed response, ready to be decided."""

    test: RuleTest

    def decide(self, bundle: Bundle) -> Answered:
        """What the rules say of it; nothing is looked up and nothing is kept."""
        return run_test(bundle, self.test).answers[0]


def read_supposed(
    text: str, file: str, bundle: Bundle, plays: PlayParams, now: datetime
) -> tuple[Supposed | None, list[Mistake]]:
    """Read one response: `facts`, and as in a rule test `now`, `contact`, `counted` …; or facts alone.

    A whole rule test is read too, also as the one item of a list; what it expects is not looked at.

    It has no past. What boucle computes and the text does not state is that of a customer who answers for
    the first time: counts are 0, nothing was last, `customer.tenure_days` is 0 for a response of today.
    """
    node, mistakes = read_yaml(text, file)
    if node is None or mistakes:
        return None, mistakes
    node = _without_expectation(node)
    if not isinstance(node, Mapping_):
        return None, [WrongShape(node.place, "the response", "a mapping with 'facts'", kind_of(node))]
    if node.find("facts") is None:
        node = Mapping_(((Scalar("facts", node.place), node),), node.place)
    form = Form(node, "the response", mistakes)
    form.check_keys(_KEYS)
    instant = now.isoformat(timespec="seconds")
    said = Mapping_(
        ((Scalar("now", node.place), Scalar(instant, node.place, "'", instant, instant)),), node.place
    )
    layers = (form, Form(said, form.what, mistakes))
    around = _surroundings(bundle, plays)
    step, world = read_step(layers, around, needs_expect=False), read_world(layers, around)
    if step is None or mistakes:
        return None, mistakes
    test = RuleTest(file, node.place, "", (step,), world)
    return Supposed(test), []


def _without_expectation(node: Node) -> Node:
    """What a rule test supposes, without its name and what it expects."""
    if isinstance(node, Sequence_) and len(node.items) == 1 and isinstance(node.items[0], Mapping_):
        node = node.items[0]
    if not isinstance(node, Mapping_) or node.find("facts") is None:
        return node
    kept = tuple(entry for entry in node.entries if entry[0].text not in {"name", "expect"})
    return Mapping_(kept, node.place)


def _surroundings(bundle: Bundle, plays: PlayParams) -> Surroundings:
    """What the reader of tests looks names up in, out of a bundle."""
    first = bundle.rule_sets[0]
    rule_set = RuleSet(first.name, first.timezone, (), Undecided(NOWHERE), NOWHERE)
    return Surroundings(Workspace(bundle.catalogue, bundle.policy, (rule_set,)), rule_set, plays)
