"""Plays of installed packages: found by their entry point; what cannot be used is told with its package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boucle.worker.installed_workflows import load_workflows
from boucle.worker.own_play_words import namer, teller
from boucle.worker.own_plays import find_own_plays, play_params
from boucle.workflows import play_params as our_params
from tests.integration.command_line import Call

LIGHT = """
from pydantic import BaseModel
from boucle.model import Duration
from boucle.workflows.own_play import OwnPlay

class Params(BaseModel):
    template: str
    wait: Duration = Duration(amount=2, unit="days")

PLAY = OwnPlay(params=Params, workflow="{module}.flow:Flow", called={{"en": "a hello"}},
               told={{"en": "says {{template}}, waits {{wait}}."}})
"""
FLOW = """
from __future__ import annotations
from temporalio import workflow
from boucle.workflows.play import Play
with workflow.unsafe.imports_passed_through():
    from boucle.standing import LoopRef
{above}
@workflow.defn(name="{name}")
class Flow({base}):
    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        await self.follow({{}})
"""

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """What was found is kept for a process; each test looks anew."""
    for known in (find_own_plays, load_workflows):
        known.cache_clear()
    yield
    for known in (find_own_plays, load_workflows):
        known.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package with one play in the import path, as an installer leaves it."""
    before = set(sys.modules)

    def run(
        name: str,
        module: str,
        *,
        light: str = LIGHT,
        flow: str | None = None,
        package: str | None = None,
        value: str | None = None,
    ) -> None:
        site = tmp_path / f"site-{package or module}"
        info = site / f"{package or module}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package or module}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[boucle.plays]\n{name} = {value or module + ':PLAY'}\n")
        (site / module).mkdir()
        (site / module / "__init__.py").write_text(light.format(module=module))
        text = FLOW.format(name=name, base="Play", above="") if flow is None else flow
        (site / module / "flow.py").write_text(text)
        monkeypatch.syspath_prepend(site)

    yield run
    for name in set(sys.modules) - before:
        if name.split(".")[0].startswith("own_"):
            del sys.modules[name]


def problems() -> list[str]:
    return [str(one) for one in find_own_plays().unusable]


def problems_of_workflows() -> list[str]:
    return [str(one) for one in load_workflows().unusable]


def test_a_play_of_a_package_is_one_like_ours(install: Install) -> None:
    install("hello", "own_hello")
    assert set(play_params()) == {*our_params(), "hello"}
    assert problems() == []
    assert "own_hello.flow" not in sys.modules
    assert load_workflows().workflows["hello"].__name__ == "Flow"
    assert problems_of_workflows() == []


def test_it_is_named_and_told_in_its_own_words_and_else_by_its_parameters(install: Install) -> None:
    install("hello", "own_told")
    assert (namer("en")("hello"), namer("fr")("hello")) == ("a hello", None)
    assert namer("en")("csm_case") == "a case"
    assert teller("en")("hello", {"template": "x"}) == "says x, waits 2 days."
    assert teller("fr")("hello", {"template": "x"}) == "le scénario « hello » démarre (template: x)."


@pytest.mark.parametrize(
    ("name", "light", "problem"),
    [
        ("csm_case", LIGHT, "boucle has a play of that name; give yours another"),
        ("Hello-You", LIGHT, "a play is named with lower-case letters, digits and '_'"),
        (
            "hello",
            "import nothing_of_that_name\n",
            "ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        ("hello", "1 / 0\n", "importing own_bad:PLAY fails: ZeroDivisionError: division by zero"),
        ("hello", "def f(:\n", "importing own_bad:PLAY fails: SyntaxError"),
        ("hello", "OTHER = 1\n", "AttributeError: module 'own_bad' has no attribute 'PLAY'"),
        ("hello", "PLAY = 7\n", "own_bad:PLAY is a int, and should be an OwnPlay"),
        ("hello", LIGHT.replace("params=Params", "params=dict"), "its params are no pydantic model"),
        ("hello", LIGHT.replace("template: str", "template: 'Missing'"), "its params cannot be used: "),
        (
            "hello",
            LIGHT.replace("{{wait}}", "{{weight}}"),
            "'told' names weight, which its params do not have",
        ),
        ("hello", LIGHT.replace("{{wait}}", "{{wait"), "'told' cannot be filled in: "),
    ],
)
def test_what_is_no_play_is_told_with_its_package(
    install: Install, name: str, light: str, problem: str
) -> None:
    install(name, "own_bad", light=light)
    [said] = problems()
    assert said.startswith(f"the play '{name}' of the package own_bad 1.2 cannot be used: ")
    assert problem in said
    assert "\n" not in said
    assert set(play_params()) == set(our_params())


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        ("", "importing own_flow.flow:Flow fails: AttributeError: "),
        ("raise RuntimeError('no')\n", "importing own_flow.flow:Flow fails: RuntimeError: no"),
        (
            FLOW.format(name="hello", base="Play", above="").replace(
                "from __future__ import annotations", ""
            ),
            "parameters do not match; its file has to begin with 'from __future__ import annotations'",
        ),
        ("Flow = 7\n", "own_flow.flow:Flow is no class that derives from boucle.workflows.play.Play"),
        (
            FLOW.format(name="hello", base="object", above=""),
            "own_flow.flow:Flow is no class that derives from boucle.workflows.play.Play",
        ),
        (
            FLOW.format(name="other", base="Play", above=""),
            "own_flow.flow:Flow needs '@workflow.defn(name=\"hello\")' above it",
        ),
        (
            FLOW.format(name="hello", base="Play", above="import datetime\nNOW = datetime.datetime.now()"),
            "Temporal's sandbox does not take it: RestrictedWorkflowAccessError: ",
        ),
    ],
)
def test_a_workflow_that_cannot_run_is_told_and_keeps_no_worker_from_working(
    install: Install, flow: str, problem: str
) -> None:
    install("hello", "own_flow", flow=flow)
    assert problems() == []
    [said] = problems_of_workflows()
    assert said.startswith("the play 'hello' of the package own_flow 1.2 cannot be used: ")
    assert problem in said
    assert set(load_workflows().workflows) == set(our_params())


def test_two_packages_with_a_play_of_one_name_are_both_refused(install: Install) -> None:
    install("hello", "own_one")
    install("hello", "own_two")
    assert {said.split(" cannot")[0] for said in problems()} == {
        "the play 'hello' of the package own_one 1.2",
        "the play 'hello' of the package own_two 1.2",
    }
    assert "hello" not in play_params()


def test_a_check_names_what_cannot_be_used_and_never_fails_for_it(
    install: Install, folder: Path, call: Call
) -> None:
    install("hello", "own_broken", light="1 / 0\n")
    said = call("rules", "check", str(folder))
    assert said.code == 0
    assert "the play 'hello' of the package own_broken 1.2 cannot be used: " in said.err


def test_a_check_loads_no_workflow(install: Install, tmp_path: Path) -> None:
    install("hello", "own_lazy")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from boucle.worker.own_plays import play_params\n"
        "print('hello' in play_params(), *(name in sys.modules for name in sys.argv[2:]))"
    )

    names = ("own_lazy.flow", "temporalio", "boucle.workflows.play")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site-own_lazy"), *names],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "True False False False"


def test_help_says_what_a_play_takes(install: Install, call: Call) -> None:
    install("hello", "own_helped")
    helped = call("help", "hello")
    assert helped.code == 0
    said = helped.out.splitlines()
    assert said[0] == "start: hello, of the package own_helped 1.2"
    assert [line.split() for line in said[3:5]] == [["template", "(required)"], ["wait", "2", "days"]]
    helped = call("help", "csm_case")
    assert helped.code == 0
    assert "The team that works the case" in helped.out
