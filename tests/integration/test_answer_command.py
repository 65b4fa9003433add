"""`boucle answer`, `boucle referrals`, `boucle testimonials` on a real workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from boucle.commands.output import now
from boucle.engine import asking, loops, promotions
from boucle.engine.database import Database
from boucle.engine.link_keys import read_keys
from boucle.engine.links import Links
from boucle.model import QuestionKind
from tests.integration.command_line import Call
from tests.integration.opening import open_loop

AGO = timedelta(days=1)


@pytest.fixture
def folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of anna."""
    monkeypatch.setenv("BOUCLE_ACTOR", "anna")
    return folder


def ask(folder: Path, kind: QuestionKind, *, expires: timedelta) -> str:
    """The link of a question that was asked a day ago."""
    (folder / ".boucle").mkdir(exist_ok=True)
    database = Database(f"sqlite:///{folder / '.boucle' / 'boucle.db'}")
    database.migrate()
    with database.session() as session:
        loop = open_loop(session, at=now() - AGO)
        loops.advance(session, loop.id, stage="asked", at=now() - AGO)
        promotions.invite(session, loop, now() - AGO)
        question = asking.ask(
            session, loop, step="question", kind=kind, at=now() - AGO, expires_at=now() + expires
        )
        link = Links("https://shop.example", read_keys((), folder / ".boucle")).write(
            question.id, question.expires_at
        )
        session.commit()
    database.dispose()
    return link


def test_an_answer_is_recorded_by_its_link_and_needs_nobody_of_ours(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUCLE_ACTOR")
    link = ask(folder, QuestionKind.SCORE, expires=AGO)
    code, out, err = call("answer", link, "8", "--text", "Better.")
    assert (code, out) == (0, "recorded, will be applied\n")
    assert "boucle is not running" in err


def test_a_link_that_was_changed_or_is_over_is_refused(folder: Path, call: Call) -> None:
    link = ask(folder, QuestionKind.SCORE, expires=-timedelta(hours=1))
    code, _, err = call("answer", link, "8")
    assert (code, "this link was valid until" in err) == (1, True)
    code, _, err = call("answer", f"{link}A", "8")
    assert (code, "this is no link of ours" in err) == (1, True)


def test_an_invitation_is_answered_by_a_testimonial_whose_author_said_yes(folder: Path, call: Call) -> None:
    link = ask(folder, QuestionKind.INVITATION, expires=AGO)
    assert call("answer", link, "9")[::2] == (
        1,
        "boucle: an invitation is answered by a testimonial, or declined\n",
    )
    code, out, _ = call("answer", link, "--text", "The best.", "--publish", "--format", "json")
    assert (code, '"state": "recorded"' in out) == (0, True)
    assert call("answer", link, "--no")[0] == 0


def test_lists_are_empty_before_anything_has_come(folder: Path, call: Call) -> None:
    assert folder.is_dir()
    assert call("referrals", "list")[:2] == (0, "no referrals\n")
    assert call("testimonials", "list", "--publishable")[:2] == (0, "no testimonials\n")
    assert call("referrals", "made", "AAAAA-BBBBB")[0] == 1


def test_a_referral_is_recorded_by_its_code(folder: Path, call: Call) -> None:
    ask(folder, QuestionKind.INVITATION, expires=AGO)
    code, out, _ = call("referrals", "list")
    assert code == 0
    referral = out.splitlines()[1].split()[0]
    assert call("referrals", "made", referral.lower())[:2] == (0, "recorded, will be applied\n")
