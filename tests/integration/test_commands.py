"""Commands on a real workspace and its embedded database: what they print, and their exit codes."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from boucle.engine.cases import open_case
from boucle.engine.database import Database
from boucle.engine.loops import list_loops
from boucle.engine.tables import EffectRow
from boucle.engine.verification import verify
from boucle.model import ActKind, EffectKind, EffectState
from tests.integration.command_line import Call, ask
from tests.integration.opening import AT, act

IMPORT = ("import", "responses.csv", "--map", "map.yaml")


pytestmark = pytest.mark.usefixtures("folder")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


# -- import -------------------------------------------------------------------------------------


def test_the_summary_says_what_came_in_what_was_decided_and_what_waits(call: Call) -> None:
    said = call(*IMPORT)
    assert said.out == (
        "12 rows, 0 rejected\n"
        "12 responses, 10 verbatims, 21 scores\n"
        "  11  nps\n"
        "  10  csat.delivery\n"
        "0 responses without any score\n"
        "12 new, 0 duplicates, 0 revisions, 0 quarantined\n"
        "decisions\n  6  nothing\n  6  starts\n"
        "nothing started because\n  2  passive\n  2  promoter\n  1  no_consent\n  1  no_programme\n"
        "loops\n"
        "N  PLAY                  RULE\n"
        "2  csm_case              nps/key-account-case\n"
        "2  apologize_with_offer  nps/detractor-apology\n"
        "1  escalate              nps/repeat-detractor\n"
        "1  csm_case              nps/undecided\n"
    )
    assert said.err.endswith("of this workspace is now\n6 loop(s) wait to be started: run boucle up\n")


def test_a_dry_run_needs_no_database_makes_none_and_leaves_no_file(call: Call, folder: Path) -> None:
    before = files(folder.parent)
    tried = ask(call, *IMPORT, "--dry-run")
    assert (tried["new"], sum(loop["count"] for loop in tried["loops"])) == (12, 6)
    assert files(folder.parent) == before


def test_a_dry_run_knows_what_was_accepted_before(call: Call, folder: Path) -> None:
    call(*IMPORT)
    change(folder / "responses.csv", "r-002,", "r-102,")
    tried = ask(call, *IMPORT, "--dry-run")
    assert (tried["new"], tried["duplicate"]) == (1, 11)
    assert tried["outcomes"]["joined"] == 1
    assert ask(call, *IMPORT)["new"] == 1


def test_record_only_decides_everything_and_starts_nothing(call: Call) -> None:
    brought = ask(call, *IMPORT, "--record-only")
    assert brought["outcomes"] == {"blocked": 6, "nothing": 6}
    assert brought["reasons"]["blocked by record_only"] == 6
    assert ask(call, "loops", "list") == []


@pytest.mark.parametrize(("option", "loops"), [((), 0), (("--act-on-old",), 6)])
def test_old_responses_start_something_only_when_asked_to(
    call: Call, folder: Path, option: tuple[str, ...], loops: int
) -> None:
    with (folder / "responses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with (folder / "responses.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *([one[0], f"2020{one[1][4:]}", *one[2:]] for one in rows[1:])])
    brought = ask(call, *IMPORT, *option)
    assert brought["reasons"].get("blocked by max_age", 0) == 6 - loops
    assert len(ask(call, "loops", "list")) == loops


def test_rejected_rows_go_to_a_file_that_is_mended_and_imported(call: Call, folder: Path) -> None:
    change(folder / "responses.csv", "+01:00,3,2,delivery", "+01:00,three,2,delivery")
    said = call(*IMPORT)
    assert said.code == 0
    assert "12 rows, 1 rejected" in said.out
    assert "rejected: row 2, nps: " in said.err
    rejects = folder / "responses.rejected.csv"
    rejects.write_text(rejects.read_text("utf-8-sig").replace("three", "3"), "utf-8-sig")
    mended = ask(call, "import", rejects.name, "--map", "map.yaml")
    assert (mended["new"], mended["rows_rejected"], mended["rejects"]) == (1, 0, None)


def test_an_older_file_of_rejected_rows_is_never_overwritten(call: Call, folder: Path) -> None:
    change(folder / "responses.csv", "+01:00,3,2,delivery", "+01:00,three,2,delivery")
    call(*IMPORT)
    assert ask(call, *IMPORT)["rejects"] == "responses.rejected-2.csv"


def test_what_does_not_fit_waits_in_quarantine(call: Call, folder: Path) -> None:
    change(folder / "facts.yaml", "values: [decision_maker, user, buyer]\n    unlisted: unknown",
           "values: [decision_maker, user]")  # fmt: skip
    assert ask(call, *IMPORT)["quarantined"] == 3
    waiting = ask(call, "quarantine", "list")
    assert {one["source_id"] for one in waiting} == {"r-002", "r-007", "r-011"}
    assert "r-007" in call("quarantine", "list").out
    explained = call("explain", "r-007")
    assert explained.code == 1
    assert "'r-007' is in quarantine, no rule has seen it: " in explained.err
    assert call("doctor").code == 0


def test_a_retry_says_where_the_mend_is_not_in_force_yet(call: Call, folder: Path) -> None:
    change(folder / "facts.yaml", "values: [decision_maker, user, buyer]\n    unlisted: unknown",
           "values: [decision_maker, user]")  # fmt: skip
    call(*IMPORT)
    change(folder / "facts.yaml", "values: [decision_maker, user]", "values: [decision_maker, user, buyer]")
    said = call("quarantine", "retry")
    assert said.code == 1
    assert "the workspace's files hold other rules" in said.err
    assert "3 stay in quarantine" in said.out


def test_what_is_neither_a_file_nor_a_response_cannot_be_explained(call: Call) -> None:
    call(*IMPORT)
    said = call("rules", "explain", "nothere.json")
    assert said.code == 1
    assert "no file and no response 'nothere.json'" in said.err


# -- looking ------------------------------------------------------------------------------------


def test_an_explanation_names_the_rule_and_why_the_others_did_not_act(call: Call) -> None:
    call(*IMPORT)
    text = call("explain", "r-005").out
    assert "starts escalate" in text
    assert "repeat-detractor stands above it" in text
    assert "rules/nps.yaml:" in text
    assert "nothing starts: promoter" in call("explain", "r-003").out


def test_a_response_is_found_by_our_own_id_and_its_beginning(call: Call) -> None:
    call(*IMPORT)
    ours = ask(call, "explain", "r-001")["response"]
    assert ask(call, "explain", ours)["source_id"] == "r-001"
    assert ask(call, "explain", ours[:12])["source_id"] == "r-001"


def test_loops_are_listed_by_what_they_are(call: Call) -> None:
    call(*IMPORT)
    (escalated,) = ask(call, "loops", "list", "--play", "escalate")
    assert (escalated["rule"], escalated["score"], escalated["state"]) == ("repeat-detractor", 2, "open")
    assert len(ask(call, "loops", "list", "--state", "open", "--limit", "4")) == 4
    assert call("loops", "list", "--closure", "recovered").out == "no loops\n"
    assert len(call("loops", "list").out.splitlines()) == 7


def test_a_loop_shows_who_it_is_about_and_its_history(call: Call) -> None:
    call(*IMPORT)
    (loop,) = ask(call, "loops", "list", "--play", "escalate")
    text = call("loops", "show", loop["loop"][:10]).out
    assert "contact   Rachid Amrani, rachid@client.example" in text
    assert "verbatim  “Toujours pas livré.”" in text
    assert "opened by rule nps/repeat-detractor: escalate" in text
    assert ask(call, "loops", "show", loop["loop"])["timeline"][0]["type"] == "loop.opened"


def test_the_report_shows_no_figure_without_its_base(call: Call) -> None:
    call(*IMPORT)
    text = call("report", "--by", "touchpoint").out
    assert "12 responses" in text
    assert "n = 11, not shown (30 needed)" in text
    assert ask(call, "report")["decisions"]["by_outcome"] == {"nothing": 6, "starts": 6}
    assert ask(call, "report", "--until", "2020-01-01")["responses"] == 0


def test_an_untouched_ledger_is_verified_and_a_changed_one_is_not(call: Call, folder: Path) -> None:
    call(*IMPORT)
    assert ask(call, "audit", "verify")["whole"]
    with sqlite3.connect(folder / ".boucle/boucle.db") as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_event'"
            )
        ]
        for name in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger_event SET actor = 'mallory' WHERE type = 'loop.opened'")
    connection.close()
    said = call("audit", "verify")
    assert said.code == 1
    assert "was changed after it was written" in said.out


# -- acts ---------------------------------------------------------------------------------------


def test_an_act_that_nobody_can_apply_yet_is_recorded_and_says_so(call: Call) -> None:
    call(*IMPORT)
    loop = ask(call, "loops", "list")[0]["loop"]
    said = call("cases", "note", loop, "Rings twice", "--as", "anna")
    assert (said.code, said.out) == (0, "recorded, will be applied\n")
    assert said.err == "boucle is not running, so this waits: start it with boucle up\n"


def test_an_act_that_cannot_be_allowed_is_refused_at_once(call: Call) -> None:
    call(*IMPORT)
    loop = ask(call, "loops", "list")[0]["loop"]
    said = call("cases", "claim", loop, "--as", "anna")
    assert (said.code, said.out, said.err) == (
        1,
        "",
        "boucle: the loop has no case: its play opens none, or it waits to be started\n",
    )


def test_a_case_shows_what_colleagues_wrote_and_how_it_ended(call: Call, folder: Path) -> None:
    call(*IMPORT)
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        (loop,) = list_loops(session, play="escalate")
        open_case(session, loop.id, team="csm", severity="high", at=AT)
        act(session, loop.id, ActKind.ATTEMPT, text="He was angry", channel="phone", result="reached")
        act(session, loop.id, ActKind.NOTE, text="See invoice 12")
        ended: dict[str, Any] = {"closure": "recovered", "root_cause": "process", "systemic": False}
        act(session, loop.id, ActKind.CLOSE, text="Paid him back", **ended)
        named = loop.id
        session.commit()
    database.dispose()
    shown = call("cases", "show", named)
    assert "cause     process, isolated\n" in shown.out
    written = ["Toujours pas livré.", "He was angry", "See invoice 12", "Paid him back"]
    assert re.findall("“(.*)”", shown.out) == written


def test_an_effect_that_nobody_knows_of_is_listed_and_settled(call: Call, folder: Path) -> None:
    call(*IMPORT)
    loop = ask(call, "loops", "list")[0]["loop"]
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        for step, state in (("acknowledge", EffectState.DONE), ("apology", EffectState.UNCONFIRMED)):
            session.add(
                EffectRow(
                    key=f"{loop}/1/{step}", loop_id=loop, round=1, step=step, kind=EffectKind.CUSTOMER,
                    state=state, intended_at=AT,
                )
            )  # fmt: skip
        session.commit()
    assert [effect["step"] for effect in ask(call, "unconfirmed", "list")] == ["apology"]
    settled = call("unconfirmed", "settle", loop[:10], "--not-sent", "--as", "claire")
    assert (settled.code, settled.out) == (0, "recorded, will be applied\n")
    with database.reading() as session:
        assert verify(session).whole
    database.dispose()


def test_every_open_loop_can_be_asked_for_again(call: Call) -> None:
    call(*IMPORT)
    assert ask(call, "loops", "rebuild") == {"loops": 6}


# -- wrong calls --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("loops", "show", "zzz"), 1, "no loop 'zzz'"),
        (("explain", "nothing"), 1, "no response 'nothing'"),
        (("cases", "claim", "zzz", "--as", "anna"), 1, "no loop 'zzz'"),
        (("cases", "show", "zzz"), 1, "no loop 'zzz'"),
        (("loops", "answer", "zzz", "8", "--as", "anna"), 1, "no loop 'zzz'"),
        (("unconfirmed", "settle", "zzz", "--sent", "--as", "anna"), 1, "no effect 'zzz'"),
        (("cases", "claim", "zzz", "--as", "mallory"), 4, "nobody is called 'mallory' here"),
        (
            ("cases", "assign", "zzz", "mallory", "--as", "anna"),
            1,
            "no person 'mallory'; there are: anna",
        ),
        (("cases", "list", "--owner", "mallory"), 1, "no person 'mallory'; there are: anna"),
        (("cases", "list", "--team", "csn"), 1, "no team 'csn'; there are: csm, cs-leads, triage"),
        (("cases", "attempt", "zzz", "--channel", "fax", "--result", "reached"), 2, "'fax' is not one of"),
        (("cases", "attempt", "z", "--channel", "sms", "--result", "reached", "--at", "noon"), 2, "no time"),
        (("cases", "close", "zzz"), 2, "--closure"),
        (("import", "nowhere.csv", "--map", "map.yaml"), 2, "nowhere.csv"),
        (("import", "responses.csv", "--map", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("import", "responses.csv", "--map", "facts.yaml"), 2, "facts.yaml:1:"),
        ((*IMPORT, "--record-only", "--act-on-old"), 2, "exclude each other"),
        ((*IMPORT, "--rejects", "nowhere/rejects.csv"), 2, "there is no folder nowhere"),
        (("loops", "list", "--workspace", "nowhere"), 2, "nowhere"),
        (("report", "--since", "yesterday"), 2, "'yesterday' is no day"),
        (("init",), 1, "exists already; nothing was written"),
        (("init", "x", "--starter", "../nps"), 1, "no starter '../nps'"),
        (("loops", "list", "--workspace", "rules"), 2, "there is no boucle.toml here"),
        (("worker",), 3, "it is not running"),
        (("nonsense",), 2, "No such command"),
        (("loops", "list", "--format", "xml"), 2, "'xml' is not one of"),
    ],
)
def test_a_wrong_call_is_told_on_stderr_with_its_exit_code(
    call: Call, arguments: tuple[str, ...], code: int, says: str
) -> None:
    said = call(*arguments)
    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert "Traceback" not in said.err


def test_wrong_settings_are_told_with_their_places(call: Call, folder: Path) -> None:
    change(folder / "boucle.toml", 'company = "Maison Exemple"', "compny = 1")
    said = call("loops", "list")
    assert (said.code, said.out) == (2, "")
    assert "boucle.toml:2:1: error[S002] unknown setting 'compny'; did you mean 'company'?" in said.err
    checked = call("rules", "check", "--format", "json")
    assert checked.code == 1
    assert [mistake["code"] for mistake in json.loads(checked.out)] == ["S002"]


def test_an_import_under_wrong_rules_is_refused_whole(call: Call, folder: Path) -> None:
    change(folder / "rules/nps.yaml", "start: escalate", "start: escalat")
    said = call(*IMPORT)
    assert (said.code, said.out) == (2, "")
    assert "unknown play 'escalat'; did you mean 'escalate'?" in said.err
    assert ask(call, "loops", "list") == []


@pytest.mark.parametrize("format_", ["text", "concise", "json", "sarif", "github"])
def test_rules_check_names_a_mistake_in_every_format(call: Call, folder: Path, format_: str) -> None:
    (folder / "templates/apology.en.txt").write_text("Subject: {{ nobody }}\n", "utf-8")
    said = call("rules", "check", "--format", format_)
    assert said.code == 1
    assert "nobody" in said.out
    assert "apology.en.txt" in said.out


def test_the_starter_has_nothing_to_complain_about(call: Call) -> None:
    said = call("rules", "check")
    assert (said.code, said.out) == (0, "")
    assert "no errors" in said.err


def test_the_nearest_workspace_is_found_from_inside_it(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "rules")
    assert ask(call, "loops", "list") == []
