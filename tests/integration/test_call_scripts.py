"""Call scripts: open questions before a call, in the customer's language, checked with their places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from boucle.activities.scripts import check_scripts
from boucle.commands.output import now
from boucle.engine.cases import open_case
from boucle.engine.database import Database
from boucle.engine.loops import list_loops
from boucle.engine.tables import LoopRow
from boucle.model import Plan
from tests.integration.command_line import Call

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def case(folder: Path, call: Call) -> str:
    """The loop of a case, whose customer reads French."""
    code, _, said = call("import", "responses.csv", "--map", "map.yaml")
    assert code == 0, said
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        loop = list_loops(session, play="csm_case")[0]
        open_case(session, loop.id, team="csm", severity="medium", at=now())
        loop.language = "fr"
        session.add(loop)
        session.commit()
        name = loop.id
    database.dispose()
    return name


def change_plan(folder: Path, loop: str, **params: Any) -> None:
    """The loop as a rule with other parameters would have started it."""
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        row = session.get_one(LoopRow, loop)
        plan = Plan.model_validate_json(row.plan)
        row.plan = plan.model_copy(update={"params": {**plan.params, **params}}).model_dump_json()
        session.add(row)
        session.commit()
    database.dispose()


def test_a_case_shows_its_questions_in_the_customer_s_language(call: Call, case: str) -> None:
    code, out, _ = call("cases", "show", case)
    assert code == 0
    assert "questions for the call" in out
    assert " 2. Que s'est-il passé de votre côté, étape par étape ?" in out
    code, out, _ = call("cases", "script", case, "--format", "json")
    told = json.loads(out)
    assert (told["id"], told["language"], len(told["questions"])) == ("csm_case", "fr", 6)
    assert "vous nous avez donné" in told["questions"][0]


def test_where_it_lacks_the_customer_s_language_the_workspace_s_is_taken(
    call: Call, folder: Path, case: str
) -> None:
    (folder / "scripts/csm_case.fr.md").unlink()
    assert "step by step?" in call("cases", "script", case)[1]


def test_a_rule_can_name_another_script(call: Call, folder: Path, case: str) -> None:
    (folder / "scripts/billing.en.md").write_text("- {{ contact.name }}, which invoice was it?\n", "utf-8")
    change_plan(folder, case, script="billing")
    code, out, _ = call("cases", "script", case)
    assert code == 0
    assert out.strip().endswith("which invoice was it?")
    assert "{{" not in out


def test_a_case_without_a_script_shows_none(call: Call, folder: Path, case: str) -> None:
    for path in (folder / "scripts").iterdir():
        path.unlink()
    assert "questions for the call" not in call("cases", "show", case)[1]
    code, _, err = call("cases", "script", case)
    assert (code, "no script for loop" in err) == (1, True)


def test_a_script_that_a_rule_names_must_exist(call: Call, folder: Path) -> None:
    rules = folder / "rules/nps.yaml"
    text = rules.read_text("utf-8")
    rules.write_text(
        text.replace("      team: csm\n", "      team: csm\n      script: csm_caze\n", 1), "utf-8"
    )
    code, out, _ = call("rules", "check", "--format", "concise")
    assert code == 1
    assert "unknown script 'csm_caze'; did you mean 'csm_case'?" in out


def test_scripts_belong_to_no_bundle(call: Call, folder: Path) -> None:
    _, before, _ = call("rules", "export", "--format", "json")
    (folder / "scripts/csm_case.en.md").write_text("- What happened?\n", "utf-8")
    assert call("rules", "export", "--format", "json")[1] == before


def test_every_mistake_of_every_script_has_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name, text in {
        "good.en.md": "# Listen\n\n- {{ owner.name }} asks {{ contact.name }}: why {{ score }}?\n",
        "good.fr.md": "- {% if score %}Pourquoi {{ score }} ?{% else %}Pourquoi ?{% endif %}\n",
        "Bad Name.md": "- What?\n",
        "empty.en.md": "# Nothing to ask\n",
        "prose.en.md": "- What happened?\nExplain our terms.\n",
        "strange.en.md": "# A\n- {{ offer.code }}?\n- {{ contact.phone }}?\n",
        "broken.en.md": "- {{ score?\n",
        "only.fr.md": "- Pourquoi ?\n",
    }.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "bytes.en.md").write_bytes(b"- \xff?\n")
    known = "there are contact.name, owner.name, score, company"
    assert [f"{mistake.place}: {mistake.message}" for mistake in check_scripts(folder, "en")] == [
        "scripts/Bad Name.md:1:1: a script is called <id>.<language>.md, such as csm_case.en.md",
        "scripts/broken.en.md:1:1: unexpected char '?' at 10",
        "scripts/bytes.en.md:1:1: the file is not UTF-8 (invalid start byte)",
        "scripts/empty.en.md:1:1: there is no question in it: a line that begins with '- '",
        "scripts/only.fr.md:1:1: 'only' has no text in 'en', the workspace's language",
        "scripts/prose.en.md:2:1: 'Explain our terms.' is neither a question ('- …') nor a heading ('# …')",
        f"scripts/strange.en.md:2:1: unknown variable 'offer'; {known}",
        f"scripts/strange.en.md:3:1: unknown variable 'contact.phone'; {known}",
    ]
