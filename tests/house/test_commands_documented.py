from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from boucle.registry import make_app
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
ON_EVERY_COMMAND = {"--help", "-h", "--workspace", "-w", "--format"}


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
        return
    for name, one in below.items():
        yield from _walk(one, (*path, name))


COMMANDS = dict(_walk(typer.main.get_command(make_app()), ("boucle",)))
SECTIONS = dict(re.findall(r"^## (boucle [^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_the_page_has_a_section_for_every_command_and_no_other() -> None:
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_says_what_the_command_itself_says(name: str) -> None:
    section = SECTIONS[name]
    assert inspect.cleandoc(COMMANDS[name].callback.__doc__) in section
    for parameter in COMMANDS[name].params:
        names = {*parameter.opts, *parameter.secondary_opts}
        if parameter.param_type_name == "argument":
            assert f"| `{parameter.name.upper()}` | {parameter.help} |" in section
        elif not names <= ON_EVERY_COMMAND:
            assert all(f"`{option}`" in section for option in names)
            assert parameter.help in section


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_too(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert "--format" in options
