"""The one place where `rules/` reads files: the texts of a workspace, and the tz database's names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import available_timezones

FACTS = "facts.yaml"
POLICY = "policy.yaml"
RULES = "rules"
TESTS = "tests"

_PSEUDO_ZONES = {"localtime", "Factory"}


def read_workspace(folder: Path) -> dict[str, str]:
    """The text of `facts.yaml`, `policy.yaml`, `rules/*.yaml` and `tests/*.yaml`, by path below `folder`.

    A byte that is not UTF-8 comes as a lone surrogate, which `load` reports with its place. A file
    that does not exist is left out; OSError where one cannot be read.
    """
    below = (sorted((folder / name).glob("*.y*ml")) for name in (RULES, TESTS))
    paths = [folder / FACTS, folder / POLICY, *(path for found in below for path in found)]
    return {path.relative_to(folder).as_posix(): read_text(path) for path in paths if path.is_file()}


def read_text(path: Path) -> str:
    """A file's text, line ends as they are; bytes that are not UTF-8 as lone surrogates."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def find_tests(texts: Mapping[str, str]) -> list[str]:
    """The paths of a workspace's files of rule tests, in order; one without a word is none."""
    return sorted(path for path, text in texts.items() if path.startswith(f"{TESTS}/") and text.strip())


def is_timezone(name: str) -> bool:
    """Whether the tz database knows the name; the list of its package is asked before every file of it."""
    return name in _packaged_timezones() or name in known_timezones()


@cache
def _packaged_timezones() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text("utf-8").split()) - _PSEUDO_ZONES


@cache
def known_timezones() -> frozenset[str]:
    """The names of the tz database; the pseudo-zone `localtime` of some systems is none."""
    return frozenset(available_timezones()) - _PSEUDO_ZONES
