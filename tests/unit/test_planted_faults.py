"""Faults that good programmes are given on purpose: each is found by its code, and nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit.small_programme import (
    APOLOGY,
    HEAD,
    KEY_ACCOUNT,
    OTHERS,
    PROGRAMME,
    REPEATED,
    TAIL,
    find,
    told,
)

BARE = "boucle: rules/v1\nruleset: nps\ntimezone: Europe/Paris\n"
DONE = (
    "undecided: record\notherwise: [{code: rest, when: nps is known or csat.delivery is known, text: Rest}]\n"
)


def rules(*whens: str, top: str = "") -> str:
    """A file with one rule for each condition, `first`, `second` and so on, and a reason for the rest."""
    names = ("first", "second", "third", "fourth")
    written = "".join(
        f"  - id: {name}\n    start: csm_case\n    {when if ': ' in when else 'when: ' + when}\n"
        for name, when in zip(names, whens, strict=False)
    )
    return f"{BARE}{top}rules:\n{written}{DONE}"


def dated(when: str, days: str) -> str:
    return f"effective: {{{days}}}\n    when: {when}"


def swapped(old: str, new: str) -> str:
    """The good programme with a part of it written otherwise."""
    assert PROGRAMME.count(old) == 1, old
    return PROGRAMME.replace(old, new)


@dataclass(frozen=True)
class Fault:
    """Rule files with one fault, its code, and words that its message holds."""

    name: str
    files: tuple[str, ...]
    code: str
    words: tuple[str, ...]


def fault(name: str, file: str, code: str, *words: str, other: str | None = None) -> Fault:
    return Fault(name, (file,) if other is None else (file, other), code, words)


def two_sets(first: str, second: str) -> tuple[str, str]:
    one = rules("detractor", top=f"only_when: {first}\n")
    other = rules("csat.delivery == 1", top=f"only_when: {second}\n").replace("ruleset: nps", "ruleset: csat")
    return one, other


WITHOUT_OFFER = APOLOGY.replace(" and may_offer", "")
UNIQUE = "hit_policy: unique\n"

ERRORS_AND_WARNINGS = [
    fault(
        "shadowed by two together",
        HEAD + KEY_ACCOUNT + WITHOUT_OFFER + REPEATED + OTHERS + TAIL,
        "B301",
        "'repeat-detractor' can never fire",
        "one of 'key-account-case', 'detractor-apology' holds too",
    ),
    fault("shadowed by one", rules("nps <= 6", "detractor"), "B301", "'second'", "'first' holds too"),
    fault(
        "the fewest are named, not all that overlap",
        rules("nps <= 3", "nps in 2..4", "nps in 4..6", "detractor"),
        "B301",
        "'fourth'",
        "one of 'first', 'third' holds",
    ),
    fault(
        "the fewest are named, not the first",
        rules("nps <= 2", "nps in 1..4", "nps <= 5", "nps <= 4"),
        "B301",
        "'fourth'",
        ", 'third' holds too",
    ),
    fault(
        "shadowed by three together, one of them for unknown",
        rules("customer.arr < 1000", "customer.arr >= 1000", "customer.arr is unknown", "detractor"),
        "B301",
        "one of 'first', 'second', 'third' holds",
    ),
    fault(
        "shadowed by a set's members",
        rules('customer.tags has "vip"', 'not customer.tags has "vip"', "customer.tags is known"),
        "B301",
        "'third'",
        "one of 'first', 'second'",
    ),
    fault(
        "shadowed by a shorter needle",
        rules('comment.text contains "bug"', """when: 'comment.text contains "Les Bügs"' """),
        "B301",
        "'second'",
    ),
    fault(
        "shadowed by what is known only together",
        rules("response.known_customer", "customer.open_loop"),
        "B301",
        "'second'",
    ),
    fault(
        "shadowed on every day of its own",
        rules("detractor", dated("nps <= 4", "from: 2026-04-01, until: 2026-04-30")),
        "B301",
        "on every day on which it is in effect",
    ),
    fault(
        "shadowed by one after the other",
        rules(
            dated("nps <= 5", "until: 2026-04-14"),
            dated("detractor", "from: 2026-04-15"),
            dated("nps <= 4", "from: 2026-04-01, until: 2026-04-30"),
        ),
        "B301",
        "'third'",
        "one of 'first', 'second'",
    ),
    fault("bands that exclude each other", rules("detractor and promoter"), "B302", "'first' is never true"),
    fault("limits that exclude each other", rules("customer.arr > 5000 and customer.arr < 100"), "B302"),
    fault("dates that exclude each other",
        rules("""when: 'customer.since < "2020-01-01" and customer.since > "2020-01-01"'"""), "B302"),
    fault("never where the set decides", rules("nps is unknown", top="only_when: nps is known\n"), "B302",
        "where 'only_when' is"),
    fault("a needle within another", rules(
        """when: 'comment.text contains "bugs" and not comment.text contains "bug"'"""), "B302"),
    fault("members that exclude each other", rules(
        """when: 'customer.tags has "vip" and not customer.tags has any ["vip", "reference"]'"""), "B302"),
    fault("only_when that is never true", rules("detractor", top="only_when: passive and promoter\n"), "B302",
        "'only_when' is never true"),
    fault("a fallback that is never asked", swapped("undecided:\n  when: detractor",
        "undecided:\n  when: nps in 3..4 and nps in 6..7"), "B302", "'undecided' is never true"),
    fault("a reason that never holds", swapped("otherwise:\n",
        "otherwise:\n  - {code: odd, when: passive and promoter, text: Odd}\n"),
        "B302", "the reason 'odd' is never true"),
    fault("a definition that always holds", rules("detractor", top=
        "define:\n  anyone:\n    when: nps is known or nps is unknown\n"), "B302",
        "the definition 'anyone' is always true"),
    fault("a rule that always holds",
        rules("""when: 'nps in 0..10 or nps is unknown or csat.delivery == 3'"""), "B302", "always"),
    fault("two sets that can claim one response", two_sets("nps is known", "csat.delivery is known")[0],
        "B303", "'nps' and 'csat' both decide", "nps: 0", "csat.delivery: 1",
        other=two_sets("nps is known", "csat.delivery is known")[1]),
    fault("two sets that meet in one score", two_sets("nps in 0..6", "nps in 6..10")[0],
        "B303", "{nps: 6}", other=two_sets("nps in 0..6", "nps in 6..10")[1]),
    fault("unique, and both at a boundary", rules("nps in 0..6", "nps in 6..8", top=UNIQUE), "B303",
        "'first' and 'second' both hold for {nps: 6}"),
    fault("unique, and both by two members",
        rules('customer.tags has "vip"', 'customer.tags has "reference"', top=UNIQUE), "B303",
        "[reference, vip]"),
    fault("passives are forgotten", swapped("when: passive and comment.length < 20",
        "when: passive and comment.length < 20 and not may_call"), "B304", "{comment.length: 19"),
    fault("a length between rule and reason", swapped("comment.length < 20", "comment.length < 19"),
        "B304", "comment.length: 19"),
    fault("promoters who were asked are forgotten",
        swapped("history.referral_asks_180d >= 1", "history.referral_asks_180d >= 2"),
        "B304", "history.referral_asks_180d: 1", "nps: 9"),
    fault("another score than the rules read", f"{BARE}rules:\n  - id: one\n    start: csm_case\n"
        "    when: response.known_customer\nundecided: record\n", "B304", "csat.delivery: 1"),
    fault("another score where that of the rules is unknown", f"{BARE}rules:\n  - id: one\n"
        "    start: csm_case\n    when: nps is known\nundecided: record\n", "B304",
        "{csat.delivery: 1, nps: null}"),
    fault("a band said twice", rules("detractor and nps < 8"), "B306", "without 'nps < 8'"),
    fault("a wider part of an or", rules("detractor or nps in 0..3"), "B306", "without 'nps in 0..3'"),
    fault("a value that another excludes",
        rules("""when: 'customer.segment == "key" and customer.segment != "trial"'"""), "B306",
        """without 'customer.segment != "trial"'"""),
    fault("a part that is always true", swapped("when: detractor and key_account",
        "when: detractor and key_account and (key_account or may_call)"), "B306",
        "without 'key_account or may_call'"),
    fault("deep in a condition", rules("promoter or (customer.open_loop and (detractor or nps <= 4))"),
        "B306", "without 'nps <= 4'"),
    fault("in a definition", swapped("may_call and consent.marketing",
        "may_call and consent.marketing and consent.follow_up"), "B306", "'may_offer'",
        "without 'consent.follow_up'"),
    fault("in a reason", swapped("when: promoter and history", "when: promoter and nps > 8 and history"),
        "B306", "'asked_recently'", "without 'nps > 8'"),
    fault("a wider choice of members", rules(
        """when: 'customer.tags has "vip" and customer.tags has any ["vip", "reference"]'"""), "B306"),
]  # fmt: skip

NOTES = [
    fault("a rule above takes some", rules("nps <= 3", "detractor"), "B303",
        "'second' gives way where 'first' holds above it; it wins where nps in 4..6"),
    fault("a rule above is undecided", rules("history.detractors_180d >= 1", "detractor"), "B305",
        "'second' fires while 'first'"),
    fault("a reason under a wider one", swapped("otherwise:\n",
        "otherwise:\n  - {code: all, when: nps is known, text: All}\n"), "B307", "'passive_silent'"),
    fault("a reason that rules leave nothing of", rules("nps in 0..10", "nps is unknown"), "B307", "'rest'"),
    fault("a definition that nothing names", swapped("rules:\n",
        "  unloved:\n    when: promoter\nrules:\n"), "B307", "'unloved' is never used"),
    fault("a definition that only an idle one names", swapped("rules:\n",
        "  loved:\n    when: promoter\n  unloved:\n    when: not loved\nrules:\n"), "B307",
        "'loved' is never used"),
]  # fmt: skip

GOOD = {
    "the programme as it is shipped": (PROGRAMME,),
    "in another order, with the offer's condition": (
        HEAD + KEY_ACCOUNT + APOLOGY + REPEATED + OTHERS + TAIL,
    ),
    "an unknown fact is left for the rule below": (
        rules("customer.arr < 1000", "customer.arr >= 1000", "detractor"),
    ),
    "what is only observed shadows nothing": (rules("mode: observe\n    when: nps <= 8", "detractor"),),
    "what has ended shadows nothing": (rules(dated("nps <= 8", "until: 2025-12-31"), "detractor"),),
    "one day is left": (
        rules(
            dated("nps <= 8", "until: 2026-04-14"),
            dated("nps <= 7", "from: 2026-04-16"),
            dated("detractor", "from: 2026-04-01, until: 2026-04-30"),
        ),
    ),
    "bands are unique": (rules("detractor", "passive", "promoter", top=UNIQUE),),
    "sets that share nothing": two_sets("nps is known", "csat.delivery is known and nps is unknown"),
    "needles that are no part of each other": (
        rules("""when: 'comment.text contains "bug"' """, """when: 'comment.text contains "bag"' """),
    ),
    "a guard that keeps a rule from being undecided": (rules("nps is known and detractor"),),
    "two members at once": (rules("""when: 'customer.tags has "vip" and customer.tags has "reference"'"""),),
}


def test_there_are_enough_faults() -> None:
    assert len(ERRORS_AND_WARNINGS) + len(NOTES) >= 40


@pytest.mark.parametrize("planted", ERRORS_AND_WARNINGS, ids=lambda planted: planted.name)
def test_a_fault_is_found_by_its_code_and_nothing_else_is_said(planted: Fault) -> None:
    found = told(find(*planted.files), "error", "warning")
    assert len(found) == 1, found
    assert found[0].startswith(planted.code)
    assert all(words in found[0] for words in planted.words), found


@pytest.mark.parametrize("planted", NOTES, ids=lambda planted: planted.name)
def test_what_is_only_noted_is_no_warning(planted: Fault) -> None:
    found = find(*planted.files)
    assert told(found, "error", "warning") == []
    notes = [note for note in told(found, "info") if note.startswith(planted.code)]
    assert any(all(words in note for words in planted.words) for note in notes), told(found, "info")


@pytest.mark.parametrize("files", GOOD.values(), ids=list(GOOD))
def test_nothing_is_said_against_a_good_programme(files: tuple[str, ...]) -> None:
    assert told(find(*files), "error", "warning") == []
