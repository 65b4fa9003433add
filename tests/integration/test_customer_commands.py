"""`boucle customers`: as CX operations use it, on a workspace as `boucle init` makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boucle.engine.database import Database
from boucle.engine.statements import state
from tests.integration.command_line import Call, ask

MAP = """\
boucle: customers/v1
source: survey
said_by: CRM
customer: account
contact: person
person: {email: mail}
facts:
  customer.segment: segment
  customer.tags: tags
  consent.follow_up: may_call
"""
ROWS = """\
account,person,mail,segment,tags,may_call
acc-1,p-1,nadia@client.example,standard,vip,no
acc-99,,,key,,
acc-2,p-2,oliver@client.example,standard,gold,yes
"""


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of claire, with a file of customers and its map."""
    monkeypatch.setenv("BOUCLE_ACTOR", "claire")
    (folder / "crm.yaml").write_text(MAP, "utf-8")
    (folder / "crm.csv").write_text(ROWS, "utf-8")
    return folder


IMPORT = ("customers", "import", "crm.csv", "--map", "crm.yaml")


def test_a_file_is_taken_up_and_says_what_changed(call: Call) -> None:
    assert call("import", "responses.csv", "--map", "map.yaml").code == 0
    said = call(*IMPORT, "--as-of", "2030-01-01T00:00Z")
    assert said.out.splitlines() == [
        "3 rows, 1 rejected",
        "customers: 1 new, 1 changed, 0 unchanged",
        "contacts: 0 new, 1 changed, 0 unchanged",
        "changed",
        "  2  customer.segment",
        "  1  consent.follow_up",
        "  1  customer.tags",
        "1 contact(s) may no longer be contacted: no message goes out to them",
    ]
    assert "rejected: row 4, tags: customer.tags has the value 'gold'; listed are vip" in said.err
    assert "crm.rejected.csv" in said.err


def test_the_same_file_again_changes_nothing(call: Call, folder: Path) -> None:
    first = ask(call, *IMPORT)
    assert (first["customers"], first["rows_rejected"]) == ({"new": 2, "changed": 0, "unchanged": 0}, 1)
    before = ask(call, "customers", "list")
    again = ask(call, *IMPORT)
    assert again["customers"] == {"new": 0, "changed": 0, "unchanged": 2}
    assert again["contacts"] == {"new": 0, "changed": 0, "unchanged": 1}
    assert (again["facts_changed"], again["facts_older"]) == ({}, {})
    assert ask(call, "customers", "list") == before
    mended = (folder / "crm.rejected.csv").read_text("utf-8-sig").replace(",gold,", ",vip,")
    (folder / "mended.csv").write_text(mended, "utf-8")
    assert ask(call, "customers", "import", "mended.csv", "--map", "crm.yaml")["customers"]["new"] == 1


def test_a_dry_run_says_the_same_and_touches_nothing(call: Call, folder: Path) -> None:
    dry = ask(call, *IMPORT, "--dry-run")
    assert dry["customers"] == {"new": 2, "changed": 0, "unchanged": 0}
    assert not (folder / ".boucle" / "boucle.db").exists()
    assert not (folder / "crm.rejected.csv").exists()
    assert call("import", "responses.csv", "--map", "map.yaml").code == 0
    dry = ask(call, *IMPORT, "--dry-run")
    assert ask(call, "customers", "list")[0]["key"] == "acc-1"
    real = ask(call, *IMPORT)
    assert {**dry, "rejects": None} == {**real, "rejects": None}


def test_an_import_that_was_interrupted_is_simply_run_again(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"c-{number},,,key,,\n" for number in range(60))
    Path("crm.csv").write_text(ROWS.splitlines()[0] + "\n" + lines, "utf-8")
    calls = 0

    def stop(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        return state(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("boucle.commands.stating.state", stop)
        assert call(*IMPORT).code != 0
    found = len(ask(call, "customers", "list"))
    assert 0 < found < 60
    again = ask(call, *IMPORT)
    assert again["customers"] == {"new": 60 - found, "changed": 0, "unchanged": found}
    assert ask(call, *IMPORT)["customers"] == {"new": 0, "changed": 0, "unchanged": 60}


def test_a_customer_shows_who_said_what_and_how_old_it_is(call: Call) -> None:
    call("import", "responses.csv", "--map", "map.yaml")
    call(*IMPORT, "--as-of", "2029-01-01T00:00Z")
    shown = call("customers", "show", "survey/acc-1").out
    assert "customer.segment  standard  from CRM" in shown
    assert "customer.arr      48000.00  said in a response (survey)" in shown
    contact = call("customers", "show", "p-1", "--contact").out
    assert "consent.follow_up  no" in contact
    assert "nadia@client.example" in contact


def test_a_loop_shows_what_is_known_of_its_customer(call: Call) -> None:
    call("import", "responses.csv", "--map", "map.yaml")
    call(*IMPORT, "--as-of", "2029-01-01T00:00Z")
    loop = next(one["loop"] for one in ask(call, "loops", "list") if one["rule"] == "key-account-case")
    said = call("loops", "show", loop)
    assert said.code == 0, said.err
    shown = said.out
    assert "known     customer.segment" in shown
    assert "old" in shown


def test_two_customers_are_made_one(call: Call) -> None:
    call("import", "responses.csv", "--map", "map.yaml")
    before = ask(call, "customers", "show", "acc-2")["counts"]
    said = call("customers", "merge", "acc-1", "acc-2", "--reason", "bought")
    assert said.code == 0, said.err
    assert "moved:" in said.out
    shown = call("customers", "show", "acc-1")
    assert "survey/acc-1 was merged into survey/acc-2" in shown.err
    assert "also      survey/acc-1" in shown.out
    assert ask(call, "customers", "show", "acc-2")["counts"]["responses"] > before["responses"]
    again = call("customers", "merge", "acc-1", "acc-2")
    assert (again.code, "was merged" in again.err) == (1, True)
    assert call("audit", "verify").code == 0


def test_a_stated_date_beside_dates_in_the_file_is_refused(call: Call) -> None:
    Path("crm.yaml").write_text(MAP + "as_of: {column: segment}\n", "utf-8")
    said = call(*IMPORT, "--as-of", "2026-01-01")
    assert (said.code, "leave --as-of out" in said.err) == (2, True)


def test_mistakes_of_the_map_are_told_with_their_places(call: Call) -> None:
    Path("crm.yaml").write_text(MAP.replace("customer.tags: tags", "nps: tags"), "utf-8")
    said = call(*IMPORT)
    assert said.code != 0
    assert "crm.yaml:9:3: error[M021] 'nps' is said by a response, not of a customer" in said.err
    Path("crm.yaml").write_text(MAP.replace("tags: tags", "tags: labels"), "utf-8")
    assert "crm.yaml:9:18: error[M006] crm.csv has no column 'labels'" in call(*IMPORT).err


def test_who_has_no_customers_is_told_so(call: Call, folder: Path) -> None:
    assert call("customers", "list").out == "no customers\n"
    assert call("customers", "show", "acc-1").code == 1
    Database(f"sqlite:///{folder / '.boucle' / 'boucle.db'}").dispose()
