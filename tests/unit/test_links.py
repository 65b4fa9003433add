"""The link of a question: ours alone, until its time is over, and telling nothing."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta

import pytest

from boucle.engine.identity import new_id
from boucle.engine.links import (
    ExpiredLinkError,
    ForgedLinkError,
    LinkKeys,
    Links,
    ShortKeyError,
    make_token,
    read_token,
)

KEYS = LinkKeys((b"k" * 32,))
QUESTION = "abcdefghijklmnopqrstuvwxyz"
UNTIL = datetime(2026, 3, 17, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_link_names_its_question_until_its_last_second() -> None:
    token = make_token(KEYS, QUESTION, UNTIL)
    assert read_token(KEYS, token, UNTIL) == QUESTION
    with pytest.raises(ExpiredLinkError, match="was valid until 2026-03-17"):
        read_token(KEYS, token, UNTIL + SECOND)


def test_a_link_can_be_clicked_and_read_aloud_in_a_log() -> None:
    link = Links("https://firm.example/feedback", KEYS).write(QUESTION, UNTIL)
    assert link.startswith("https://firm.example/feedback/a/")
    token = link.rpartition("/")[2]
    assert token.isascii()
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(token) == 90


def test_nothing_of_a_link_can_be_changed() -> None:
    data = bytearray(base64.urlsafe_b64decode(make_token(KEYS, QUESTION, UNTIL) + "=="))
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            token = base64.urlsafe_b64encode(changed).decode().rstrip("=")
            with pytest.raises(ForgedLinkError):
                read_token(KEYS, token, UNTIL)


def test_a_link_has_one_spelling() -> None:
    """Another spelling of the same bytes could pass for another link."""
    token = make_token(KEYS, QUESTION + "ab", UNTIL)
    for other in (token + "=", token + "==", f" {token}", token + "\n", token[:-1], token + "A"):
        with pytest.raises(ForgedLinkError):
            read_token(KEYS, other, UNTIL)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = [end for end in last if _is_read(token[:-1] + end)]
    assert accepted == [token[-1]]


@pytest.mark.parametrize("token", ["", "a", "été", "../../etc/passwd", "A" * 43, "A" * 100_000])
def test_what_is_no_link_is_refused(token: str) -> None:
    with pytest.raises(ForgedLinkError):
        read_token(KEYS, token, UNTIL)


def test_random_bytes_are_never_a_link() -> None:
    draw = random.Random(4711)  # noqa: S311 the same bytes each time
    for _ in range(2_000):
        token = base64.urlsafe_b64encode(draw.randbytes(draw.randrange(40, 90))).decode().rstrip("=")
        assert not _is_read(token)


def test_a_key_is_replaced_while_old_links_are_in_mailboxes() -> None:
    old, new = b"o" * 32, b"n" * 32
    before = make_token(LinkKeys((old,)), QUESTION, UNTIL)
    both = LinkKeys((new, old))
    assert read_token(both, before, UNTIL) == QUESTION
    after = make_token(both, QUESTION, UNTIL)
    assert read_token(LinkKeys((new,)), after, UNTIL) == QUESTION
    with pytest.raises(ForgedLinkError):
        read_token(LinkKeys((new,)), before, UNTIL)


@pytest.mark.parametrize("keys", [(), (b"short",), (b"k" * 32, b"k" * 31)])
def test_a_key_that_could_be_guessed_is_none(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ShortKeyError):
        LinkKeys(keys)


def test_keys_do_not_print() -> None:
    assert repr(LinkKeys((b"secret-secret-secret-secret-secret",))) == "LinkKeys(1 keys)"


def test_ids_of_questions_fit() -> None:
    for _ in range(50):
        question = new_id()
        assert read_token(KEYS, make_token(KEYS, question, UNTIL), UNTIL) == question


def _is_read(token: str) -> bool:
    try:
        read_token(KEYS, token, UNTIL)
    except ForgedLinkError:
        return False
    return True
