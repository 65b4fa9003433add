"""What policy and rule files say of gates, spending, open loops and guarantees is read into values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from boucle.model import Money, QuietHours
from boucle.rules.compiler import compile_workspace
from boucle.rules.places import map_places
from boucle.rules.ruleset import Exemption, Policy, RuleSet, Spending
from tests.unit.small_workspace import POLICY, RULES, read, with_file

GATES = """\
boucle: policy/v1
max_age: 14 days
timezone: Europe/Paris
suppress:
  - id: year-end
    window: {from: "2026-12-24T00:00", until: "2027-01-02T08:00Z"}
    plays: [csm_case]
    do: defer
  - id: legal
    when: customer.tags has "legal_hold"
caps:
  - {id: one-case, plays: [csm_case, apologize_with_offer], per: contact, max: 2, within: 30 days}
budgets:
  - {id: goodwill, limit: 5000.00 EUR, per: calendar_month}
  - {id: dollars, limit: 10.00 USD, per: calendar_day}
holdouts:
  - {id: effect, plays: [apologize_with_offer], percent: 2.25}
"""

APOLOGY = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: apology
    when: detractor
    start: apologize_with_offer
    with:
      template: apology
      offer: {kind: voucher, value: 15.00 EUR, valid_for: 30 days}
undecided: record
"""


def _policy(text: str = GATES) -> Policy:
    workspace, mistakes = read(with_file("policy", text))
    assert mistakes == []
    assert workspace is not None
    return workspace.policy


def _rule_set(rules: str) -> RuleSet:
    workspace, mistakes = read({**with_file("rules", rules), "policy.yaml": GATES})
    assert mistakes == []
    assert workspace is not None
    return workspace.rule_sets[0]


def _refused(rules: str) -> list[str]:
    mistakes = read({**with_file("rules", rules), "policy.yaml": GATES})[1]
    return [f"{mistake.place.line} {mistake.code}" for mistake in mistakes]


def test_a_policy_is_read_with_all_its_gates() -> None:
    policy = _policy()
    window, legal = policy.suppressions
    assert (window.begins, window.ends, window.do) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2027, 1, 2, 8, tzinfo=UTC),
        "defer",
    )
    assert (window.plays, window.when) == (frozenset({"csm_case"}), None)
    assert legal.when is not None
    assert (legal.plays, legal.begins, legal.ends, legal.do) == (None, None, None, "drop")
    (cap,) = policy.caps
    assert (cap.per, cap.most, cap.within, len(cap.plays)) == ("contact", 2, timedelta(days=30), 2)
    assert [(budget.id, budget.limit, budget.per) for budget in policy.budgets] == [
        ("goodwill", Money(minor=500_000, currency="EUR"), "calendar_month"),
        ("dollars", Money(minor=1_000, currency="USD"), "calendar_day"),
    ]
    assert [(holdout.id, holdout.share) for holdout in policy.holdouts] == [("effect", 225)]
    assert policy.timezone == "Europe/Paris"


def test_the_zone_is_asked_for_only_where_something_is_counted_in_it() -> None:
    offsets = GATES.replace("2026-12-24T00:00", "2026-12-24T00:00+01:00").replace(
        "timezone: Europe/Paris\n", ""
    )
    without_budgets = offsets.partition("budgets:")[0]
    assert _policy(without_budgets).timezone == "UTC"
    assert [m.message for m in read(with_file("policy", offsets))[1]] == [
        "a budget is counted by the calendar: the policy file needs 'timezone'"
    ]


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        ("2026-03-29T02:30", "never comes in Europe/Paris, where the clocks change that day"),
        ("2026-10-25T02:30", "comes twice in Europe/Paris, where the clocks change that day"),
    ],
)
def test_a_local_time_that_is_no_one_instant_is_refused(begins: str, says: str) -> None:
    (mistake,) = read(with_file("policy", GATES.replace("2026-12-24T00:00", begins)))[1]
    assert (mistake.code, mistake.message) == ("B082", f"{begins} {says}")
    assert mistake.help in {
        'write "2026-03-29T03:30"',
        'write "2026-10-25T02:30+02:00" or "2026-10-25T02:30+01:00"',
    }


def test_the_times_that_a_mend_offers_are_taken() -> None:
    for begins in ("2026-03-29T03:30", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"):
        assert _policy(GATES.replace("2026-12-24T00:00", begins)).suppressions[0].begins is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max: 2", "max: 0"),
        ("max: 2", "max: 2.5"),
        ("within: 30 days", "within: 0 days"),
        ("within: 30 days", "within: 9999 weeks"),
        ("within: 30 days", "within: 5 business days"),
        ("per: contact", "per: day"),
        ("5000.00 EUR", "0.00 EUR"),
        ("5000.00 EUR", "5000"),
        ("5000.00 EUR", "5000.001 EUR"),
        ("5000.00 EUR", "99999999999999999999 EUR"),
        ("per: calendar_month", "per: month"),
        ("percent: 2.25", "percent: 2.255"),
        ("percent: 2.25", "percent: 100"),
        ("percent: 2.25", "percent: 0"),
        ("percent: 2.25", "percent: 10%"),
        ("plays: [csm_case]", "plays: []"),
        ("plays: [csm_case]", "plays: [csm_case, csm_case]"),
        ("plays: [csm_case]", "plays: [csm_cases]"),
        ("do: defer", "do: wait"),
        ("2027-01-02T08:00Z", "2026-12-01T08:00Z"),
        ("2027-01-02T08:00Z", "2026-12-23T23:00Z"),
        ("2027-01-02T08:00Z", "2027-01-02"),
        ("2026-12-24T00:00", "0001-01-01T00:00"),
        ("id: dollars", "id: goodwill"),
        ('customer.tags has "legal_hold"', "key_account"),
    ],
)
def test_a_gate_that_cannot_be_is_refused_where_it_stands(old: str, new: str) -> None:
    text = GATES.replace(old, new, 1)
    (mistake,) = read(with_file("policy", text))[1]
    lines = [number for number, line in enumerate(text.splitlines(), 1) if new in line]
    assert mistake.place.line == lines[-1]


def test_a_definition_of_a_rule_file_is_not_known_in_the_policy_and_the_message_says_so() -> None:
    rules = RULES + "define:\n  callable:\n    when: consent.follow_up\n"
    policy = GATES.replace('customer.tags has "legal_hold"', "callable or callabel")
    mistakes = read({**with_file("rules", rules), "policy.yaml": policy})[1]
    assert [mistake.code for mistake in mistakes] == ["B093", "B011"]


def test_a_rule_says_how_it_meets_the_gates() -> None:
    rules = RULES.replace(
        "    start: csm_case\n",
        """\
    mode: observe
    rollout: 2.5%
    if_open: separate
    exempt_from: {gates: [suppress, caps], reason: A person must see it.}
    start: csm_case
""",
    )
    (rule,) = _rule_set(rules).rules
    assert (rule.mode, rule.rollout, rule.if_open) == ("observe", 250, "separate")
    assert rule.exempt == Exemption(frozenset({"suppress", "caps"}), "A person must see it.")


def test_what_defaults_give_a_rule_can_say_otherwise() -> None:
    defaults = "defaults: {mode: observe, rollout: 25%, if_open: join_customer}\nrules:"
    own = "    start: csm_case\n    mode: act\n    rollout: 100%\n"
    (rule,) = _rule_set(RULES.replace("rules:\n", f"{defaults}\n", 1)).rules
    assert (rule.mode, rule.rollout, rule.if_open) == ("observe", 2_500, "join_customer")
    text = RULES.replace("rules:\n", f"{defaults}\n", 1).replace("    start: csm_case\n", own)
    (rule,) = _rule_set(text).rules
    assert (rule.mode, rule.rollout, rule.if_open) == ("act", None, "join_customer")


def test_the_money_in_the_parameters_is_what_is_spent() -> None:
    rules = APOLOGY.replace("undecided", "    spends: goodwill\nundecided")
    (rule,) = _rule_set(rules).rules
    assert rule.spends == Spending("goodwill", Money(minor=1_500, currency="EUR"))
    other = "    spends: goodwill\n    if_exhausted: {with: {template: apology, offer: none}}\nundecided"
    (rule,) = _rule_set(APOLOGY.replace("undecided", other)).rules
    assert rule.spends is not None
    assert rule.spends.otherwise == {"template": "apology", "offer": "none"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("spends: goodwil", ["10 B086"]),
        ("spends: dollars", ["10 B088"]),
        ("spends: [goodwill]", ["10 B032"]),
        ("if_exhausted: {with: {template: apology}}", ["10 B089"]),
        ("spends: goodwill\n    if_exhausted: {with: {template: sorry}}", ["11 B039"]),
        ("spends: goodwill\n    if_exhausted: {template: apology}", ["11 B031", "11 B030"]),
        (
            """spends: goodwill
    if_exhausted:
      with:
        template: apology
        offer: {kind: voucher, value: 1.00 EUR, valid_for: 1 day}""",
            ["13 B090"],
        ),
    ],
)
def test_spending_that_cannot_be_is_refused(said: str, found: list[str]) -> None:
    assert _refused(APOLOGY.replace("undecided", f"    {said}\nundecided")) == found


def test_money_beyond_the_whole_budget_is_refused() -> None:
    dear = APOLOGY.replace("15.00 EUR", "5000.01 EUR").replace("undecided", "    spends: goodwill\nundecided")
    assert _refused(dear) == ["10 B091"]
    assert _refused(RULES.replace("undecided", "    spends: goodwill\nundecided")) == ["8 B087"]


def test_a_broken_budget_is_not_blamed_on_the_rule_that_spends_it() -> None:
    rules = APOLOGY.replace("undecided", "    spends: goodwill\nundecided")
    texts = {**with_file("rules", rules), "policy.yaml": GATES.replace("5000.00 EUR", "much")}
    assert [mistake.place.file for mistake in read(texts)[1]] == ["policy.yaml"]
    for policy in ("boucle: policy/v1\nmax_age: [\n", "boucle: policy/v1\nmax_age: none\nbudgets: no\n"):
        mistakes = read({**texts, "policy.yaml": policy})[1]
        assert {mistake.place.file for mistake in mistakes} == {"policy.yaml"}


def test_the_fallback_takes_the_keys_that_make_sense_there() -> None:
    fallback = """\
undecided:
  start: csm_case
  if_open: separate
  exempt_from: {gates: [holdouts], reason: Nobody is left alone.}
  with: {team: triage}
"""
    undecided = _rule_set(RULES.replace("undecided: record\n", fallback)).undecided
    assert undecided.if_open == "separate"
    assert undecided.exempt == Exemption(frozenset({"holdouts"}), "Nobody is left alone.")
    wrong = fallback.replace("if_open: separate", "rollout: 25%")
    assert _refused(RULES.replace("undecided: record\n", wrong)) == ["10 B080"]


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        ("[max_age]", "B085"), ("[budgets]", "B085"), ("[rollout]", "B085"), ("[cap]", "B033"),
        ("[]", "B033"), ("[caps, caps]", "B034"), ("caps", "B032"),
    ],
)  # fmt: skip
def test_an_exemption_is_of_the_gates_that_it_can_be_of(gates: str, code: str) -> None:
    rules = RULES.replace("undecided", f"    exempt_from: {{gates: {gates}, reason: So.}}\nundecided")
    assert _refused(rules) == [f"8 {code}"]


def test_an_exemption_owes_its_reason() -> None:
    for reason in ("", ", reason: ", ", reason: ''"):
        rules = RULES.replace("undecided", f"    exempt_from: {{gates: [caps]{reason}}}\nundecided")
        assert _refused(rules) == ["8 B031"]


GUARANTEES = """\
guarantees:
  - {id: seen, whenever: detractor, starts: [csm_case]}
  - {id: nothing, whenever: nps is unknown, starts: none}
  - {id: no-offer, whenever: promoter, never_starts: [apologize_with_offer]}
  - {id: taken, whenever: detractor, taken: true}
"""


def test_guarantees_are_read() -> None:
    promised = [(g.id, g.starts, g.never_starts, g.taken) for g in _rule_set(RULES + GUARANTEES).guarantees]
    assert promised == [
        ("seen", frozenset({"csm_case"}), None, None),
        ("nothing", frozenset(), None, None),
        ("no-offer", None, frozenset({"apologize_with_offer"}), None),
        ("taken", None, None, True),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{id: a, whenever: detractor}", "B092"),
        ("{id: a, whenever: detractor, starts: none, taken: true}", "B092"),
        ("{id: a, whenever: detractor, taken: false}", "B033"),
        ("{id: a, whenever: detractor, starts: []}", "B033"),
        ("{id: a, whenever: detractor, starts: [csm]}", "B037"),
        ("{id: a, whenever: detractors, taken: true}", "B011"),
        ("{id: a, taken: true}", "B031"),
        ("{id: seen, whenever: detractor, taken: true}", "B034"),
    ],
)
def test_a_guarantee_promises_one_thing(entry: str, code: str) -> None:
    assert _refused(RULES + GUARANTEES + f"  - {entry}\n") == [f"14 {code}"]


@pytest.mark.parametrize("key", ["max_age", "caps", "rollout", "mode", "spends", "lists", "with"])
def test_a_key_at_the_top_that_belongs_elsewhere_is_shown_its_place(key: str) -> None:
    (mistake,) = read(with_file("rules", f"{RULES}{key}: none\n"))[1]
    assert mistake.code == "B080"


def test_both_hit_policies_are_read_and_the_third_is_not_yet() -> None:
    assert _rule_set(RULES + "hit_policy: unique\n").hit_policy == "unique"
    assert _rule_set(RULES).hit_policy == "first"
    assert _refused(RULES + "hit_policy: collect\n") == ["9 B040"]


def test_quiet_hours_and_revisions_are_read() -> None:
    said = 'quiet_hours: {from: "20:00", until: "08:00"}\nrevisions: redecide\n'
    workspace, mistakes = read(with_file("policy", POLICY + said))
    assert mistakes == []
    assert workspace is not None
    policy = compile_workspace(workspace).policy
    assert policy.quiet == QuietHours(begins=20 * 60, ends=8 * 60)
    assert policy.revisions == "redecide"


def test_a_rule_names_the_clocks_that_begin_anew() -> None:
    said = RULES.replace("undecided:", "    restarts: [first_contact, close]\nundecided:")
    assert _rule_set(said).rules[-1].restarts == ("close", "first_contact")
    assert _rule_set(RULES).rules[-1].restarts == ()
    assert _refused(said.replace("close]", "opening]")) == ["8 B033"]
    assert _refused(said.replace("close]", "first_contact]")) == ["8 B034"]


def test_what_a_policy_does_not_say_of_hours_leaves_the_digest_alone() -> None:
    workspace, _ = read(with_file("policy", POLICY))
    assert workspace is not None
    assert "quiet" not in compile_workspace(workspace).canonical()
    assert "revisions" not in compile_workspace(workspace).canonical()
    assert "restarts" not in compile_workspace(workspace).canonical()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('quiet_hours: {from: "20:00", until: "20:00"}', "B033"),
        ('quiet_hours: {from: "24:00", until: "08:00"}', "B033"),
        ('quiet_hours: {from: "8 pm", until: "08:00"}', "B033"),
        ('quiet_hours: {from: "20:00"}', "B031"),
        ('quiet_hours: {from: "20:00", until: "08:00", on: sunday}', "B030"),
        ("revisions: forget", "B033"),
    ],
)
def test_wrong_quiet_hours_are_refused(said: str, code: str) -> None:
    assert [mistake.code for mistake in read(with_file("policy", POLICY + said))[1]] == [code]


def test_the_source_map_says_where_gates_and_guarantees_stand() -> None:
    texts = {**with_file("rules", RULES + GUARANTEES), "policy.yaml": GATES}
    workspace, _ = read(texts)
    assert workspace is not None
    places = map_places(workspace)
    assert {path: place for path, place in places.items() if path.startswith("policy/")} == {
        "policy/suppress/year-end": "policy.yaml:5:5",
        "policy/suppress/legal": "policy.yaml:9:5",
        "policy/suppress/legal/when": "policy.yaml:10:11",
        "policy/caps/one-case": "policy.yaml:12:5",
        "policy/budgets/goodwill": "policy.yaml:14:5",
        "policy/budgets/dollars": "policy.yaml:15:5",
        "policy/holdouts/effect": "policy.yaml:17:5",
    }
    assert places["nps/guarantees/seen"] == "rules/nps.yaml:10:5"
    assert places["nps/guarantees/nothing/whenever"] == "rules/nps.yaml:11:29"
