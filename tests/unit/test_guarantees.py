"""What a guarantee means: which are proved, and which responses break the others."""

from __future__ import annotations

import time
from datetime import date

import pytest

from boucle.rules.analysis import guarantees, solver_survey
from boucle.rules.analysis.endings import check_endings
from boucle.rules.analysis.guarantee_text import render_proofs, state_claim
from boucle.rules.analysis.guarantees import JOINING, Proof, prove
from boucle.rules.analysis.witnesses import write_case
from boucle.rules.testing.reader import read_tests
from boucle.rules.testing.runner import run_tests
from tests.unit.guaranteed_programme import FACTS, PLAYS, POLICY, RULES, read_programme, replaced

DAY = date(2026, 3, 10)

APOLOGY = """\
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: apology
    when: detractor
    start: apologize_with_offer
    with:
      template: apology
undecided: record
guarantees:
  - id: promise
    whenever: detractor
    starts: [apologize_with_offer]
"""
NO_GATES = "boucle: policy/v1\nmax_age: 14 days\n"


def prove_one(rules: str, policy: str | None = None, day: date = DAY) -> Proof:
    """The proof of the guarantee called `promise`."""
    policy = policy or (POLICY if "spends: goodwill" in rules else NO_GATES)
    (proof,) = prove(*read_programme(rules, policy=policy), day, "promise")
    return proof


def with_promise(promise: str, rules: str = RULES) -> str:
    """The rules with one guarantee: its lines after the id."""
    head = rules.partition("guarantees:\n")[0]
    lines = "".join(f"    {line}\n" for line in promise.splitlines())
    return f"{head}guarantees:\n  - id: promise\n{lines}"


# -- the whole programme ------------------------------------------------------------------------


def test_the_guarantees_of_a_whole_programme_are_proved_each_in_less_than_two_seconds() -> None:
    workspace, bundle = read_programme()
    for guarantee in workspace.rule_sets[0].guarantees:
        began = time.process_time()
        (proof,) = prove(workspace, bundle, DAY, guarantee.id)
        assert proof.verdict == "PROVED"
        assert time.process_time() - began < 2


def test_the_rules_that_carry_a_proof_are_those_that_win_under_its_premise() -> None:
    carried = {proof.guarantee.id: proof.carried_by for proof in prove(*read_programme(), DAY)}
    assert carried == {
        "key-detractor-reaches-a-person": ("repeat-detractor", "key-account-case"),
        "every-callable-detractor-is-taken": ("repeat-detractor", "key-account-case", "detractor-apology"),
        "no-score-no-action": (),
        "no-offer-without-consent": ("repeat-detractor", "key-account-case", "passive-ask", "undecided"),
    }


def test_without_if_unknown_and_fallback_a_detractor_of_unknown_segment_is_not_taken() -> None:
    rules = replaced(
        RULES,
        ('has "vip"\'\n    if_unknown: false\n', 'has "vip"\'\n'),
        (
            "undecided:\n  when: detractor\n  start: csm_case\n  with:\n    team: triage\n",
            "undecided: record\n",
        ),
    )
    proofs = {proof.guarantee.id: proof for proof in prove(*read_programme(rules), DAY)}
    refuted = proofs.pop("every-callable-detractor-is-taken")
    assert {proof.verdict for proof in proofs.values()} == {"PROVED"}
    assert refuted.verdict == "REFUTED"
    assert refuted.witness is not None
    assert refuted.witness.facts["customer.segment"] is None
    assert "customer.segment" in refuted.matters
    assert "comment.length" not in refuted.matters
    assert refuted.witness.decision.outcome == "nothing"
    assert refuted.why == (
        "Nothing takes this response; undecided for want of facts: key-account-case, detractor-apology."
    )


# -- gates --------------------------------------------------------------------------------------

GATES = {
    "caps/once": "caps:\n  - {id: once, plays: [apologize_with_offer], per: contact, max: 1, within: 30d}\n",
    "holdouts/measured": "holdouts:\n  - {id: measured, plays: [apologize_with_offer], percent: 10}\n",
    "suppress/quiet": "suppress:\n  - {id: quiet, when: consent.follow_up}\n",
    "suppress/freeze": (
        "timezone: Europe/Paris\n"
        'suppress:\n  - {id: freeze, window: {from: "2026-03-10T18:00", until: "2026-03-12T08:00"}}\n'
    ),
}


@pytest.mark.parametrize("gate", GATES)
def test_a_start_is_not_guaranteed_where_a_gate_may_hold_it_back(gate: str) -> None:
    proof = prove_one(APOLOGY, NO_GATES + GATES[gate])
    assert proof.verdict == "REFUTED"
    assert proof.witness is not None
    assert proof.witness.decision.blocked_by == gate
    assert proof.why == f"apology takes this response, and {gate} may hold it back."


@pytest.mark.parametrize("gate", GATES)
def test_an_exemption_makes_the_start_certain(gate: str) -> None:
    exempt = "    exempt_from: {gates: [suppress, caps, holdouts], reason: A person must see it.}\n"
    rules = replaced(APOLOGY, ("    with:\n", f"{exempt}    with:\n"))
    assert prove_one(rules, NO_GATES + GATES[gate]).verdict == "PROVED"


@pytest.mark.parametrize("gate", ["caps/once", "holdouts/measured"])
def test_a_gate_of_another_play_is_no_obstacle(gate: str) -> None:
    policy = NO_GATES + replaced(GATES[gate], ("apologize_with_offer", "invite_promoter"))
    assert prove_one(APOLOGY, policy).verdict == "PROVED"


def test_a_suppression_whose_condition_the_premise_rules_out_is_no_obstacle() -> None:
    rules = replaced(APOLOGY, ("whenever: detractor", "whenever: detractor and not consent.follow_up"))
    assert prove_one(rules, NO_GATES + GATES["suppress/quiet"]).verdict == "PROVED"


def test_an_undecided_suppression_holds_back_too() -> None:
    rules = replaced(APOLOGY, ("whenever: detractor", "whenever: detractor and consent.follow_up is unknown"))
    proof = prove_one(rules, NO_GATES + GATES["suppress/quiet"])
    assert proof.witness is not None
    assert proof.witness.decision.gates[-1].result == "undecided"


def test_what_defers_under_a_condition_blocks_where_that_is_undecided() -> None:
    freeze = replaced(GATES["suppress/freeze"], ('08:00"}}', '08:00"}, do: defer, when: consent.follow_up}'))
    proof = prove_one(APOLOGY, NO_GATES + freeze)
    assert proof.witness is not None
    assert proof.witness.facts["consent.follow_up"] is None
    rules = replaced(APOLOGY, ("whenever: detractor", "whenever: detractor and consent.follow_up is known"))
    assert prove_one(rules, NO_GATES + freeze).verdict == "PROVED"


def test_what_is_only_deferred_still_starts() -> None:
    freeze = replaced(GATES["suppress/freeze"], ('08:00"}}', '08:00"}, do: defer}'))
    assert prove_one(APOLOGY, NO_GATES + freeze).verdict == "PROVED"


@pytest.mark.parametrize(
    ("day", "verdict", "last_day"),
    [
        (date(2026, 3, 9), "PROVED", date(2026, 3, 9)),
        (date(2026, 3, 12), "REFUTED", None),
        (date(2026, 3, 13), "PROVED", None),
    ],
)
def test_a_window_counts_on_the_days_that_it_touches(day: date, verdict: str, last_day: date | None) -> None:
    proof = prove_one(APOLOGY, NO_GATES + GATES["suppress/freeze"], day)
    assert (proof.verdict, proof.last_day) == (verdict, last_day)
    assert proof.ends_with == ("suppress/freeze begins" if last_day else None)


def test_a_rollout_may_leave_the_contact_out() -> None:
    proof = prove_one(replaced(APOLOGY, ("    with:\n", "    rollout: 25%\n    with:\n")))
    assert proof.witness is not None
    assert proof.witness.decision.blocked_by == "rollout"
    assert proof.witness.arms == {"rollout/apology": "out"}


OFFER = "      offer: {kind: voucher, value: 15.00 EUR, valid_for: 30 days}\n    spends: goodwill\n"
BUDGET = "budgets:\n  - {id: goodwill, limit: 5000.00 EUR, per: calendar_month}\n"


def test_an_exhausted_budget_blocks_unless_there_is_something_else_to_give() -> None:
    spending = replaced(APOLOGY, ("      template: apology\n", f"      template: apology\n{OFFER}"))
    policy = "timezone: Europe/Paris\n" + BUDGET
    proof = prove_one(spending, NO_GATES + policy)
    assert proof.witness is not None
    assert proof.witness.decision.blocked_by == "budgets/goodwill"
    otherwise = "    if_exhausted:\n      with: {template: apology, offer: none}\n"
    kept = replaced(spending, ("    spends: goodwill\n", f"    spends: goodwill\n{otherwise}"))
    assert prove_one(kept, NO_GATES + policy).verdict == "PROVED"


def test_never_holds_whatever_the_gates_say() -> None:
    rules = replaced(APOLOGY, ("starts: [", "never_starts: ["))
    proof = prove_one(rules, NO_GATES + GATES["caps/once"])
    assert proof.verdict == "REFUTED"
    assert proof.witness is not None
    assert proof.witness.decision.plan is not None
    assert proof.why == "apology takes this response; its play is apologize_with_offer."


def test_taken_does_not_ask_the_gates() -> None:
    rules = replaced(APOLOGY, ("starts: [apologize_with_offer]", "taken: true"))
    assert prove_one(rules, NO_GATES + GATES["caps/once"]).verdict == "PROVED"


def test_a_rule_that_only_observes_carries_nothing() -> None:
    proof = prove_one(replaced(APOLOGY, ("    with:\n", "    mode: observe\n    with:\n")))
    assert proof.why == "Nothing takes this response."
    nothing = with_promise("whenever: detractor\nstarts: none", proof_rules := APOLOGY)
    assert prove_one(nothing).verdict == "REFUTED"
    observed = replaced(nothing, ("    with:\n", "    mode: observe\n    with:\n"))
    assert proof_rules != observed
    assert prove_one(observed).verdict == "PROVED"


# -- which responses ----------------------------------------------------------------------------


def test_a_premise_that_can_never_hold_guarantees_nothing() -> None:
    proof = prove_one(with_promise("whenever: detractor and promoter\nstarts: none"))
    assert proof.verdict == "VACUOUS"


def test_a_premise_that_only_responses_too_old_meet_guarantees_nothing() -> None:
    rules = replaced(APOLOGY, ("whenever: detractor", "whenever: detractor and response.age_days > 14"))
    proof = prove_one(rules)
    assert proof.verdict == "VACUOUS"
    assert proof.why is not None
    assert proof.why.startswith("No response that is young enough (max_age) can meet the condition")
    assert prove_one(replaced(rules, ("starts: [apologize_with_offer]", "taken: true"))).verdict == "PROVED"


def test_the_premise_must_be_true_and_not_merely_undecided() -> None:
    premise = 'whenever: customer.segment == "key" and nps is unknown\nstarts: none'
    proof = prove_one(with_promise(premise))
    assert proof.verdict == "PROVED"
    assert proof.example["customer.segment"] == "key"


def test_the_fallback_takes_the_hit_and_is_asked_for_its_play() -> None:
    promise = "whenever: detractor and not may_offer\nstarts: [csm_case, escalate]"
    proof = prove_one(with_promise(promise), POLICY)
    assert proof.verdict == "REFUTED"
    unknown = "whenever: detractor and not may_offer and history.detractors_180d is unknown\ntaken: true"
    proof = prove_one(with_promise(unknown), POLICY)
    assert proof.carried_by == ("key-account-case", "undecided")


def test_of_what_another_rule_set_decides_this_one_starts_nothing() -> None:
    facts = "boucle: facts/v1\nfacts:\n  nps: {score: nps}\n  csat.support: {score: csat, scale: 1..5}\n"
    promises = (
        "guarantees:\n"
        "  - {id: promise, whenever: nps is unknown, starts: none}\n"
        "  - {id: every, whenever: csat.support in 1..2 and nps is unknown, taken: true}\n"
    )
    nps = replaced(APOLOGY.partition("guarantees:")[0], ("rules:", "only_when: nps is known\nrules:"))
    csat = (
        "boucle: rules/v1\nruleset: csat\nonly_when: nps is unknown and csat.support is known\nrules:\n"
        "  - {id: low, when: csat.support in 1..2, start: csm_case, with: {team: csm}}\nundecided: record\n"
    )
    more = {"rules/csat.yaml": csat}
    first, second = prove(*read_programme(nps + promises, facts=facts, policy=NO_GATES, more=more), DAY)
    assert first.verdict == "PROVED"
    assert second.why == "nps does not decide this response (only_when)."
    assert any("B303" in assumption for assumption in first.assumptions)


def test_the_greatest_age_is_assumed_also_of_what_rules_ask_about_the_age() -> None:
    rules = replaced(
        APOLOGY, ("when: detractor\n    start", "when: detractor and response.age_days <= 20\n    start")
    )
    proof = prove_one(rules)
    assert proof.verdict == "PROVED"
    assert proof.assumptions[0] == "The response is no older than 14 days when it is accepted (max_age)."
    assert prove_one(rules, replaced(NO_GATES, ("14", "30"))).verdict == "REFUTED"


# -- days ---------------------------------------------------------------------------------------

SEASON = replaced(
    APOLOGY, ("    with:\n", "    effective: {from: 2026-02-01, until: 2026-04-30}\n    with:\n")
)


@pytest.mark.parametrize(
    ("day", "verdict", "last_day"),
    [
        (date(2026, 1, 31), "REFUTED", None),
        (date(2026, 2, 1), "PROVED", date(2026, 4, 30)),
        (date(2026, 4, 30), "PROVED", date(2026, 4, 30)),
        (date(2026, 5, 1), "REFUTED", None),
    ],
)
def test_a_proof_is_for_a_day_and_says_until_when_it_holds(
    day: date, verdict: str, last_day: date | None
) -> None:
    proof = prove_one(SEASON, day=day)
    assert (proof.verdict, proof.last_day) == (verdict, last_day)


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 2, 28), []),
        (date(2026, 3, 1), ["the guarantee 'promise' rests on 'apology', which ends after 2026-04-30"]),
        (date(2026, 4, 30), ["the guarantee 'promise' rests on 'apology', which ends after 2026-04-30"]),
        (date(2026, 5, 1), []),
    ],
)
def test_a_guarantee_that_rests_on_a_rule_about_to_end_is_told(today: date, said: list[str]) -> None:
    workspace, bundle = read_programme(SEASON, policy=NO_GATES)
    assert [mistake.message for mistake in check_endings(workspace, bundle, today)] == said


def test_where_another_rule_takes_over_nothing_is_told() -> None:
    other = "  - {id: later, when: detractor, start: apologize_with_offer, with: {template: apology}}\n"
    rules = replaced(SEASON, ("undecided:", f"{other}undecided:"))
    assert list(check_endings(*read_programme(rules, policy=NO_GATES), date(2026, 4, 1))) == []


# -- too much to look at ------------------------------------------------------------------------

ASKED = [f"customer.q{number}" for number in range(12)]
LARGE = FACTS.replace("derived:", "".join(f"  {name}: {{type: bool}}\n" for name in ASKED) + "derived:")


def prove_large(promise: str) -> Proof:
    """The proof of a promise of two rules that are told apart by more than 200,000 cases."""
    case = f"  - {{id: case, when: {' or '.join(ASKED)}, start: csm_case, with: {{team: csm}}}}\n"
    rules = with_promise(promise, replaced(APOLOGY, ("undecided:", f"{case}undecided:")))
    (proof,) = prove(*read_programme(rules, facts=LARGE, policy=NO_GATES), DAY)
    return proof


@pytest.fixture
def without_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the regions are too large as well."""
    monkeypatch.setattr(solver_survey, "survey_by_regions", lambda _: None)


def test_beyond_the_limit_regions_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver_survey, "find_z3", lambda: None)
    assert prove_large("whenever: detractor\nstarts: [apologize_with_offer]").verdict == "PROVED"
    assert prove_large("whenever: passive\ntaken: true").verdict == "REFUTED"


@pytest.mark.usefixtures("without_regions")
def test_beyond_regions_z3_answers_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    promise = "whenever: detractor\nstarts: [apologize_with_offer]"
    assert prove_large(promise).verdict == "PROVED"
    monkeypatch.setattr(solver_survey, "find_z3", lambda: None)
    monkeypatch.setattr(guarantees, "find_z3", lambda: None)
    proof = prove_large(promise)
    assert proof.verdict == "GAVE UP"
    assert proof.why == (
        "There are at least 1,594,323 cases, too many to look at; "
        "with `pip install boucle[proofs]` a solver can try."
    )


@pytest.mark.usefixtures("without_regions")
def test_what_z3_finds_is_confirmed_by_the_evaluator() -> None:
    proof = prove_large("whenever: passive\ntaken: true")
    assert proof.verdict == "REFUTED"
    assert proof.witness is not None
    assert proof.witness.decision.outcome == "nothing"


@pytest.mark.usefixtures("without_regions")
def test_z3_gives_up_at_its_limit_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boucle.rules.analysis.solver.STEPS", 1)
    proof = prove_large("whenever: detractor\nstarts: [apologize_with_offer]")
    assert proof.verdict == "GAVE UP"
    assert proof.why is not None
    assert proof.why.endswith("and z3 reached its limit of work.")


def test_what_hangs_on_a_text_alone_is_named_where_it_cannot_be_looked_into() -> None:
    asked = 'passive and comment.text contains "late again" and not comment.text contains "late"'
    proof = prove_large(f"whenever: {asked}\nstarts: none")
    assert proof.verdict == "NOT ANALYSABLE"
    assert proof.why == (
        "What a text contains cannot be looked into here: "
        'comment.text contains "late again"; comment.text contains "late".'
    )


# -- another play than the guarantee names -------------------------------------------------------

OTHER_PLAY = replaced(APOLOGY, ("starts: [apologize_with_offer]", "starts: [csm_case, escalate]"))
ROLLED_OUT = replaced(OTHER_PLAY, ("    with:\n", "    rollout: 25%\n    with:\n"))


@pytest.mark.parametrize("rules", [OTHER_PLAY, ROLLED_OUT], ids=["whole", "rollout"])
@pytest.mark.parametrize("gate", ["caps/once", "holdouts/measured", "suppress/quiet", "suppress/freeze"])
def test_where_the_play_is_another_the_play_is_named_and_no_gate(rules: str, gate: str) -> None:
    proof = prove_one(rules, NO_GATES + GATES[gate])
    assert proof.verdict == "REFUTED"
    assert proof.why == "apology takes this response; its play is apologize_with_offer."
    assert proof.witness is not None
    assert proof.witness.decision.outcome == "starts"
    text = write_case("it breaks", proof.witness)
    assert "starts: apologize_with_offer" in text
    assert "counted:" not in text
    assert "blocked_by:" not in text


def test_where_the_other_play_is_always_suppressed_the_play_is_named_all_the_same() -> None:
    always = "suppress:\n  - {id: quiet, when: nps in 0..6}\n"
    proof = prove_one(OTHER_PLAY, NO_GATES + always)
    assert proof.why == "apology takes this response; its play is apologize_with_offer."
    assert proof.witness is not None
    assert proof.witness.decision.blocked_by == "suppress/quiet"


# -- joining ------------------------------------------------------------------------------------

SEPARATE = replaced(APOLOGY, ("    with:\n", "    if_open: separate\n    with:\n"))


@pytest.mark.parametrize("if_open", ["join", "join_customer"])
def test_a_start_may_be_to_join_a_loop_of_any_play_and_the_proof_says_so(if_open: str) -> None:
    proof = prove_one(replaced(SEPARATE, ("separate", if_open)))
    assert proof.verdict == "PROVED"
    assert proof.assumptions[-1] == JOINING


@pytest.mark.parametrize(
    "rules",
    [SEPARATE, replaced(APOLOGY, ("starts: [", "never_starts: [escalate]\n#"))],
    ids=["separate", "never starts"],
)
def test_where_nothing_is_joined_or_nothing_must_start_joining_is_not_assumed(rules: str) -> None:
    proof = prove_one(rules)
    assert proof.verdict == "PROVED"
    assert JOINING not in proof.assumptions


# -- as a test ----------------------------------------------------------------------------------

BREAKING = {
    **{gate: (APOLOGY, NO_GATES + policy) for gate, policy in GATES.items()},
    "rollout": (replaced(APOLOGY, ("    with:\n", "    rollout: 25%\n    with:\n")), NO_GATES),
    "budgets/goodwill": (
        replaced(APOLOGY, ("      template: apology\n", f"      template: apology\n{OFFER}")),
        f"{NO_GATES}timezone: Europe/Paris\n{BUDGET}",
    ),
    "nobody": (replaced(APOLOGY, ("when: detractor\n    start", "when: nps in 0..5\n    start")), NO_GATES),
    "the wrong play": (replaced(APOLOGY, ("starts: [apologize_with_offer]", "starts: [escalate]")), NO_GATES),
    "never": (replaced(APOLOGY, ("starts: [", "never_starts: [")), NO_GATES + GATES["caps/once"]),
}


@pytest.mark.parametrize("how", BREAKING)
def test_what_breaks_a_guarantee_is_printed_as_a_test_that_holds(how: str) -> None:
    rules, policy = BREAKING[how]
    workspace, bundle = read_programme(rules, policy=policy)
    (proof,) = prove(workspace, bundle, DAY)
    assert proof.witness is not None
    text = f"boucle: rule-tests/v1\nruleset: nps\ntests:\n{write_case('it breaks', proof.witness)}\n"
    (file,), mistakes = read_tests({"tests/nps.yaml": text}, workspace, PLAYS)
    assert mistakes == []
    assert [result.failures for result in run_tests(bundle, file.tests)] == [()]


# -- in words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "claim"),
    [
        ("starts: [csm_case, escalate]", "csm_case or escalate starts, and no gate holds it back."),
        ("starts: none", "nothing starts, whatever the gates say."),
        ("never_starts: [escalate]", "escalate never starts, whatever the gates say."),
        (
            "never_starts: [escalate, csm_case]",
            "neither csm_case nor escalate starts, whatever the gates say.",
        ),
        ("taken: true", "a rule takes the response; a gate may still hold it back."),
    ],
)
def test_a_guarantee_is_said_as_a_sentence(promise: str, claim: str) -> None:
    proof = prove_one(with_promise(f"whenever: passive or promoter\n{promise}"))
    assert state_claim(proof.guarantee) == f"Whenever passive or promoter: {claim}"


def test_a_proof_says_who_carries_it_what_is_assumed_and_what_lies_outside() -> None:
    assert render_proofs([prove_one(SEASON)]) == (
        "PROVED  promise  rules/nps.yaml:13:5\n"
        "  Whenever detractor: apologize_with_offer starts, and no gate holds it back.\n"
        "  Carried by: apology.\n"
        "  It can occur: nps 0.\n"
        "  Assumed: The response is no older than 14 days when it is accepted (max_age).\n"
        "  Assumed: It is not imported for the record only.\n"
        "  Assumed: A response of somebody with an open loop joins it, whatever its play, and that counts as "
        "started; `if_open: separate` would always start its own.\n"
        "  Proved for 2026-03-10; it holds until 2026-04-30: then apology ends.\n"
        "\n"
        "Outside of every proof:\n"
        "  - whether a message arrives, and what people do with a case;\n"
        "  - whether the facts that come in are true;\n"
        "  - responses that do not fit the catalogue: they wait in quarantine, and no rule sees them."
    )


def test_a_refutation_is_printed_as_a_test() -> None:
    text = render_proofs([prove_one(APOLOGY, NO_GATES + GATES["caps/once"])])
    assert text.splitlines()[2:] == [
        "  apology takes this response, and caps/once may hold it back.",
        "  It hangs on: nps 0.",
        "  Assumed: The response is no older than 14 days when it is accepted (max_age).",
        "  Assumed: It is not imported for the record only.",
        "  This test shows it as the rules are now; it can be put into a file of tests/:",
        '  - name: "promise does not hold"',
        '    now: "2026-03-10T12:00:00Z"',
        "    facts:",
        "      comment.length: 0",
        "      nps: 0",
        "      response.age_days: 0",
        "      response.known_customer: true",
        "    counted:",
        "      once: 1",
        "    expect:",
        "      rule: apology",
        "      starts: null",
        "      blocked_by: caps/once",
    ]
