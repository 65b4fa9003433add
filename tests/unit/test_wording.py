"""Everything that colleagues are told has its words, in every language, and says what it can."""

from __future__ import annotations

import re

import pytest

from boucle.activities.wording import WORDINGS, find_wording
from boucle.engine import notices
from boucle.model import ClockKind

_BRACES = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", WORDINGS)
def test_every_kind_of_notice_has_its_words(language: str) -> None:
    assert set(WORDINGS[language].notices) == set(notices.KINDS)


def test_both_languages_say_the_same_things() -> None:
    english, french = WORDINGS["en"], WORDINGS["fr"]
    for kind in notices.KINDS:
        said = [set(_BRACES.findall(" ".join(words.notices[kind]))) for words in (english, french)]
        assert said[0] == said[1], kind
    assert set(english.names) == set(french.names)


def test_a_notice_names_what_it_knows_and_says_what_it_does_not() -> None:
    text = find_wording("fr").write("answered", {"before": "3", "after": "8", "loop": "abc"})
    assert text.subject == "3 → 8 : abc"
    assert "Client : inconnu" in text.body


def test_a_language_that_we_do_not_speak_is_english() -> None:
    assert find_wording("pt") is WORDINGS["en"]


@pytest.mark.parametrize(
    ("step", "kind", "clock"),
    [
        ("staff-assigned-first", "assigned", None),
        ("staff-task-late-7", "task-late", None),
        ("staff-reminder-first_contact-24h-2", "reminder", ClockKind.FIRST_CONTACT),
        ("staff-missed-close", "missed", ClockKind.CLOSE),
    ],
)
def test_a_step_says_what_it_is_about(step: str, kind: str, clock: ClockKind | None) -> None:
    assert (notices.kind_of(step), notices.clock_of(step)) == (kind, clock)


@pytest.mark.parametrize("step", ["staff-gossip-1", "apology", "assigned-first"])
def test_what_has_no_words_cannot_be_told(step: str) -> None:
    with pytest.raises(ValueError, match="is no notice"):
        notices.kind_of(step)
