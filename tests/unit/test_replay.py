"""A decision made again from its record and its bundle, also after its personal facts are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import rfc8785
from hypothesis import given, settings

from boucle.decision import Decision
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.decide import Facts, Mode, decide, replay
from boucle.rules.encoding import decode
from boucle.rules.failures import RecordError
from tests.oracles.cases import RANDOMS, random_definitions, random_expression, random_facts
from tests.unit.handmade import known, reason, rule, rule_set, workspace
from tests.unit.written import ALWAYS, compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  comment.text: {type: text, optional: true, pii: true}
  consent.follow_up: {type: bool}
"""
RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
rules:
  - id: angry
    when: detractor and comment.text contains "annuler"
    start: csm_case
    with: {team: csm}
undecided:
  when: detractor
  start: csm_case
  with: {team: triage}
"""
AT = datetime(2026, 3, 10, 9, 30, 15, 123_456, tzinfo=UTC)


def compiled(rules: str = RULES) -> Bundle:
    return compile_texts(FACTS, "boucle: policy/v1\nmax_age: 14 days\n", rules)


def decided(bundle: Bundle, comment: str, days_old: int = 1, mode: Mode = "act") -> Decision:
    values: dict[str, FactValue] = {**ALWAYS, "nps": 3, "comment.text": comment}
    return decide(bundle, Facts(values, AT - timedelta(days=days_old)), AT, mode)


def record_of(decision: Decision) -> bytes:
    """The record as the database and the ledger hold it."""
    return rfc8785.dumps(decision.model_dump(mode="json"))


def restored(bundle: Bundle) -> Bundle:
    """The bundle as it is read back years later, without its source map."""
    return Bundle.from_canonical(bundle.canonical(), bundle.digest)


def test_a_decision_replays_byte_for_byte_from_its_record_alone() -> None:
    bundle = compiled()
    record = record_of(decided(bundle, "Je veux ANNULER"))
    again = replay(restored(bundle), Decision.model_validate_json(record))
    assert record_of(again) == record
    assert again.winner == "angry"


def test_with_the_personal_facts_at_hand_their_tests_are_made_again() -> None:
    bundle = compiled()
    decision = decided(bundle, "Je veux ANNULER")
    assert replay(bundle, decision, {"comment.text": "Je veux ANNULER"}) == decision
    other = replay(bundle, decision, {"comment.text": "Tout va bien"})
    assert (other.winner, other.pii_atoms) == (None, {'comment.text contains "annuler"': "false"})


@pytest.mark.parametrize("mode", ["act", "record_only", "act_on_old"])
@pytest.mark.parametrize("days_old", [1, 30])
def test_a_replay_knows_in_which_mode_the_decision_was_made(mode: Mode, days_old: int) -> None:
    bundle = compiled()
    decision = decided(bundle, "annuler", days_old, mode)
    assert record_of(replay(bundle, decision)) == record_of(decision)


def test_another_bundles_record_is_refused() -> None:
    decision = decided(compiled(), "annuler")
    other = compiled(RULES.replace("annuler", "resilier"))
    with pytest.raises(RecordError, match="was made by bundle"):
        replay(other, decision)


def test_a_record_whose_facts_were_changed_is_refused() -> None:
    bundle = compiled()
    decision = decided(bundle, "annuler")
    changed = decision.model_copy(update={"facts": {**decision.facts, "nps": 10}})
    with pytest.raises(RecordError, match="do not have the digest"):
        replay(bundle, changed)


def test_a_record_without_its_personal_truth_values_is_refused() -> None:
    bundle = compiled()
    changed = decided(bundle, "annuler").model_copy(update={"pii_atoms": {}})
    with pytest.raises(RecordError, match="truth values of the tests on personal facts"):
        replay(bundle, changed)


def random_bundle(random: Random) -> Bundle:
    definitions = random_definitions(random)
    names = tuple(definition.name for definition in definitions)
    rules = [rule(f"rule-{number}", random_expression(random, 3, names)) for number in range(4)]
    own = rule_set(
        *rules,
        definitions=definitions,
        only_when=known("response.day") if random.random() < 0.2 else None,
        otherwise=(reason("mine", random_expression(random, 2, names)),),
    )
    return compile_workspace(workspace(own))


@settings(max_examples=60, deadline=None)
@given(RANDOMS)
def test_every_decision_replays_over_random_rules_and_facts(random: Random) -> None:
    bundle = random_bundle(random)
    later = restored(bundle)
    for _ in range(5):
        facts = Facts(random_facts(random), AT - timedelta(days=random.randint(0, 30)))
        mode: Mode = random.choice(("act", "record_only", "act_on_old"))
        decision = decide(bundle, facts, AT, mode)
        record = record_of(decision)
        assert record_of(replay(later, Decision.model_validate_json(record))) == record
        shown = {name: value for name, value in facts.values.items() if not bundle.catalogue.facts[name].pii}
        assert decode(later.catalogue, decision.facts) == shown
