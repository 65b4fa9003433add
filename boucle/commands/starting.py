"""`boucle init`: a workspace to begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from boucle.commands.options import FormatOption
from boucle.commands.output import now, show
from boucle.errors import BoucleError, RefusedError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Language = Literal["en", "fr"]

_SAMPLE = "responses.csv"
_IGNORED = "*\n"
_WRITTEN_IN: Language = "en"
"""The language of a starter's own files; those of another one lie in a folder that is named by it."""


class UnknownStarterError(BoucleError):
    """There is no such starter workspace."""

    exit_code = 1

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no starter '{name}'; there are: {', '.join(known)}")


class NotInLanguageError(BoucleError):
    """A starter workspace is not written in this language."""

    exit_code = 1

    def __init__(self, name: str, language: Language) -> None:
        super().__init__(f"starter '{name}' is not written in '{language}'; without --lang it is in English")


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where to make it; it is created.", file_okay=False)
    ] = Path(),
    *,
    starter: Annotated[str, typer.Option("--starter", help="Which starter to copy.")] = "nps",
    language: Annotated[
        Language, typer.Option("--lang", help="In which language its texts are.")
    ] = _WRITTEN_IN,
    format_: FormatOption = "text",
) -> None:
    """Make a workspace: settings, facts, policy, rules, tests, templates, an import map, a sample file.

    No file that exists is touched: the command refuses a folder that holds one of them.
    """
    written = copy_starter(starter, folder, today=now().date(), language=language)
    where = f"cd {folder} && " if folder != Path() else ""
    lines = [
        f"made a workspace of {len(written)} files in {folder.resolve()}",
        f"next: {where}boucle rules check",
    ]
    show({"folder": str(folder.resolve()), "files": written}, "\n".join(lines), format_)


def copy_starter(name: str, folder: Path, *, today: date, language: Language = _WRITTEN_IN) -> list[str]:
    """Copy a starter into `folder`, its sample file brought up to `today`; the names of the files."""
    files = _read_starter(name, language)
    files[".boucle/.gitignore"] = _IGNORED
    if taken := sorted(path for path in files if (folder / path).exists()):
        raise RefusedError("exists", f"{folder / taken[0]} exists already; nothing was written")
    if _SAMPLE in files:
        files[_SAMPLE] = _brought_up(files[_SAMPLE], today - timedelta(days=1))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return sorted(files)


def _read_starter(name: str, language: Language) -> dict[str, str]:
    """The texts of a starter by path; the files of the language's folder replace those beside it."""
    starter = _find_starter(name)
    other = {entry.name: entry for entry in starter.iterdir() if entry.name in get_args(Language)}
    own = [(path, text) for path, text in _texts(starter) if path.split("/")[0] not in other]
    if language == _WRITTEN_IN:
        return dict(own)
    if language not in other:
        raise NotInLanguageError(name, language)
    return dict(own) | dict(_texts(other[language]))


def _find_starter(name: str) -> Traversable:
    starters = {entry.name: entry for entry in _starters().iterdir() if entry.is_dir()}
    if name not in starters:
        raise UnknownStarterError(name, sorted(starters))
    return starters[name]


def _starters() -> Traversable:
    """Where the starters lie: in the installed package, or beside it in a checkout."""
    from importlib.resources import files

    packaged = files("boucle") / "starter"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rules"


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = prefix + entry.name
        if entry.is_dir():
            found += _texts(entry, f"{path}/")
        else:
            found.append((path, entry.read_text("utf-8")))
    return found


def _brought_up(sample: str, last: date) -> str:
    """Shift every date of the sample so that the latest is `last`: too old, it would start nothing."""
    dates = re.compile(r"\d{4}-\d{2}-\d{2}(?=T)")
    shift = last - max(map(date.fromisoformat, dates.findall(sample)))
    return dates.sub(lambda found: (datetime.fromisoformat(found[0]) + shift).date().isoformat(), sample)
