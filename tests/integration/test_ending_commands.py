"""`boucle replies`, `privacy`, and the commands that end loops, on a workspace as `boucle init` makes it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from boucle.commands.output import now
from boucle.engine.cases import open_case
from boucle.engine.database import Database
from boucle.model import ActKind
from tests.integration.command_line import Call, ask
from tests.integration.opening import act

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of claire, whose sample was imported."""
    monkeypatch.setenv("BOUCLE_ACTOR", "claire")
    assert call("import", "responses.csv", "--map", "map.yaml").code == 0
    return folder


def loops_of(call: Call, play: str) -> list[str]:
    return [one["loop"] for one in ask(call, "loops", "list", "--play", play)]


def write_mail(name: str, loop: str, sender: str = "oliver@client.example") -> Path:
    file = Path(name)
    file.write_text(
        f"From: Oliver <{sender}>\nTo: loop+{loop}@example.com\nSubject: Re: Sorry\n"
        f"Message-ID: <{name}@client.example>\n\nCall me, please.\n\n> We are sorry.\n"
    )
    return file


def begin_case(loop: str) -> None:
    """As a worker would that opens the case."""
    database = Database("sqlite:///.boucle/boucle.db")
    with database.session() as session:
        open_case(session, loop, team="csm", severity="high", at=now())
        act(session, loop, ActKind.ATTEMPT, at=now(), channel="phone", result="reached")
        session.commit()
    database.dispose()


# -- replies ------------------------------------------------------------------------------------


def test_mails_are_taken_from_files_once_each_and_listed_until_they_are_dealt_with(call: Call) -> None:
    loop = loops_of(call, "apologize_with_offer")[0]
    write_mail("one.eml", loop)
    write_mail("stray.eml", "a" * 52)
    taken = ask(call, "replies", "take", "one.eml", "stray.eml", "one.eml")
    assert [one["loop"] for one in taken] == [loop, None, loop]
    assert [one["again"] for one in taken] == [False, False, True]
    assert {one["id"] for one in ask(call, "replies", "list")} == {one["mail"] for one in taken}
    shown = call("replies", "show", taken[0]["mail"]).out
    assert "Call me, please.\n\n> We are sorry." in shown
    assert ask(call, "replies", "done", taken[0]["mail"])["done_by"] == "claire"
    assert [one["problem"] for one in ask(call, "replies", "list")] == ["unknown_loop"]
    assert len(ask(call, "replies", "list", "--all")) == 2
    assert "Call me, please." in call("loops", "show", loop).out


def test_a_mail_comes_by_standard_input_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = loops_of(call, "apologize_with_offer")[0]
    piped = io.TextIOWrapper(io.BytesIO(write_mail("one.eml", loop).read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)
    (taken,) = ask(call, "replies", "take")
    assert (taken["kind"], taken["loop"]) == ("reply", loop)


def test_a_mail_that_fitted_no_loop_is_attached_by_hand(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    write_mail("stray.eml", "a" * 52)
    said = call("replies", "take", "stray.eml").out
    assert "names a loop that is not here: boucle replies attach" in said
    (mail,) = ask(call, "replies", "list")
    assert ask(call, "replies", "attach", mail["id"], loop) == {"mail": mail["id"], "loop": loop}
    refused = call("replies", "attach", mail["id"], loop)
    assert (refused.code, refused.err) == (1, "boucle: the mail belongs to a loop already\n")


def test_a_file_that_is_not_there_is_named(call: Call) -> None:
    said = call("replies", "take", "nowhere.eml")
    assert (said.code, said.err) == (1, "boucle: no file 'nowhere.eml'\n")


# -- privacy ------------------------------------------------------------------------------------


def test_consent_withdrawn_by_hand_ends_the_loops_of_an_address(call: Call) -> None:
    said = call("privacy", "withdraw", "Oliver@client.example", "--reason", "He wrote.").out
    assert said == "noted; 1 open loop(s) ended as withdrawn\n"
    (loop,) = ask(call, "loops", "list", "--closure", "withdrawn")
    assert (loop["state"], loop["closed_by"]) == ("closed", "claire")
    assert call("audit", "verify").code == 0


def test_erasing_somebody_has_to_be_meant_and_leaves_nothing_of_them(call: Call) -> None:
    asked = call("privacy", "erase", "oliver@client.example")
    assert (asked.code, "add --yes" in asked.err) == (2, True)
    assert ask(call, "loops", "list", "--closure", "withdrawn") == []
    (before,) = [one for one in ask(call, "loops", "list") if one["score"] == 5]
    Path(".boucle/mailbox").mkdir()
    letter = Path(f".boucle/mailbox/{before['loop']}.1.apology.eml")
    letter.write_text("Dear Oliver")
    erased = ask(call, "privacy", "erase", "oliver@client.example", "--yes")
    assert (erased["ended"], erased["files"]) == ([before["loop"]], 1)
    assert not letter.exists()
    kept = b"".join(path.read_bytes() for path in Path(".boucle").glob("boucle.db*"))
    assert call("audit", "verify").code == 0
    shown = call("loops", "show", before["loop"]).out
    assert ("score     5" in shown, "Oliver" in shown, "friendly" in shown) == (True, False, False)
    assert kept.count(b"oliver@client.example") == 0
    assert call("privacy", "erase", "oliver@client.example", "--yes").code == 1


# -- ends ---------------------------------------------------------------------------------------


def test_root_causes_are_those_of_the_workspace(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    begin_case(loop)
    settings = Path("boucle.toml")
    settings.write_text(
        settings.read_text("utf-8") + '\n[root_causes]\ndelivery = ["late", "damaged"]\nprice = []\n'
    )
    closing = ("cases", "close", loop, "--closure", "recovered", "--text", "Sent it again.")
    unknown = call(*closing, "--root-cause", "product")
    assert (unknown.code, unknown.err) == (1, "boucle: no root cause 'product'; there are: delivery, price\n")
    missing = call(*closing, "--root-cause", "delivery")
    assert (missing.code, "name it with --detail: late, damaged" in missing.err) == (2, True)
    wrong = call(*closing, "--root-cause", "delivery", "--detail", "lost")
    assert (wrong.code, "there are: late, damaged" in wrong.err) == (1, True)
    assert call(*closing, "--root-cause", "delivery", "--detail", "late", "--systemic").code == 0


def test_what_was_done_has_to_be_said(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    begin_case(loop)
    said = call("cases", "close", loop, "--closure", "recovered", "--root-cause", "people")
    assert (said.code, said.err) == (1, "boucle: closing this case needs a text that says what was done\n")


def test_several_false_alarms_are_closed_at_once_and_one_that_refuses_holds_up_no_other(call: Call) -> None:
    loops = loops_of(call, "csm_case")
    assert len(loops) == 3
    call("privacy", "withdraw", "nadia@client.example")
    said = call("cases", "close", *loops, "--closure", "false_alarm")
    assert said.code == 1
    assert said.out.count("recorded") + said.out.count("refused") == 3
    assert "refused: the loop is closed" in said.out
    bulk = call("cases", "close", *loops, "--closure", "recovered")
    assert (bulk.code, "one case at a time" in bulk.err) == (2, True)


def test_none_of_several_is_closed_where_one_of_them_does_not_exist(call: Call) -> None:
    loops = loops_of(call, "csm_case")
    said = call("cases", "close", loops[0], "zzzz", "--closure", "false_alarm")
    assert (said.code, said.out, said.err) == (1, "", "boucle: no loop 'zzzz'\n")
    begin_case(loops[0])
    assert call("cases", "close", loops[0], "--closure", "false_alarm").code == 0


def test_a_case_is_found_by_whom_it_is_about(call: Call) -> None:
    loops = loops_of(call, "csm_case")
    for loop in loops:
        begin_case(loop)
    (found,) = ask(call, "cases", "list", "--customer", "NADIA")
    assert found["contact_name"] == "Nadia Benali"
    assert found["loop"] in loops
    listed = call("cases", "list").out
    assert "CONTACT" in listed
    assert "Nadia Benali" in listed
    assert "anonymous" in listed
    for part in ("nadia@client", "p-1", "acc-1"):
        assert found["loop"] in {one["loop"] for one in ask(call, "cases", "list", "--customer", part)}
    assert call("cases", "list", "--customer", "na%ia").out == "no cases\n"


def test_the_next_try_is_a_length_of_time_or_an_instant(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    begin_case(loop)
    tried = ("cases", "attempt", loop, "--channel", "phone", "--result", "no_reply", "--next")
    assert call(*tried, "2h").code == 0
    assert call(*tried, "2 business days").code == 0
    said = call(*tried, "14:30")
    assert (said.code, said.err.startswith("boucle: '14:30' is no time to come; write 4h")) == (2, True)


def test_loops_are_merged_and_the_other_one_shows_it(call: Call) -> None:
    known = [one["loop"] for one in ask(call, "loops", "list") if one["rule"] == "key-account-case"]
    loop = known[0]  # the rule that fires for nobody unknown
    other = next(one for one in loops_of(call, "csm_case") if one != loop)
    refused = call("loops", "merge", loop, other)
    assert (refused.code, "merge their records first" in refused.err) == (1, True)
    database = Database("sqlite:///.boucle/boucle.db")
    with database.session() as session:
        from boucle.engine.tables import LoopRow  # noqa: PLC0415 only here

        session.get_one(LoopRow, other).contact_id = session.get_one(LoopRow, loop).contact_id
        session.commit()
    database.dispose()
    said = call("loops", "merge", loop, other, "--reason", "The same parcel.")
    assert said.err == ""
    assert said.out == (f"1 loop(s) merged into {other}\n")
    assert f"merged    into {other}" in call("loops", "show", loop).out
    assert f"merged    {loop[:10]}" in call("loops", "show", other).out


def test_a_closed_loop_is_reopened_with_a_reason(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    database = Database("sqlite:///.boucle/boucle.db")
    with database.session() as session:
        act(session, loop, ActKind.CLOSE, at=now(), closure="false_alarm")
        session.commit()
    database.dispose()
    assert call("loops", "reopen", loop, "--reason", "It was none.").code == 0
    shown = call("cases", "reopen", loop, "--reason", "Again.")
    assert (shown.code, shown.out) == (1, "")
    assert "It was none." in call("loops", "show", loop).out


def test_one_loop_is_asked_for_again(call: Call) -> None:
    loop = loops_of(call, "csm_case")[0]
    assert ask(call, "loops", "rebuild", loop) == {"loops": 1}
    assert call("loops", "rebuild", "zzzz").code == 1
