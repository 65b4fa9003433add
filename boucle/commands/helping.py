"""`boucle help`: what a code means, with a wrong and a right example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import FormatOption
from boucle.commands.output import Format, show
from boucle.errors import NotFoundError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_PAGES = ("codes.md", "import-maps.md", "settings.md", "plays.md")
_SECTION = re.compile(r"^### ([A-Z]\d{3})\n(.*?)(?=^#{1,3} |\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `?([A-Z]\d{3})`? \| (.*?) \|$", re.MULTILINE)
_EXAMPLE = re.compile(r"```yaml (wrong|right).*")


def help_(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]",
            help="The code, such as B011, or a play's name; without it, the list of all codes.",
        ),
    ] = None,
    *,
    format_: FormatOption = "text",
) -> None:
    """Say what a code of a message means, with a wrong and a right example; or what a play takes."""
    if code is not None and code.islower() and _help_with_play(code, format_):
        return
    pages = dict(_pages())
    if code is None:
        titles = {name: _title(text) for name, text in sorted(pages.items())}
        show(titles, lambda: "\n".join(f"{name}  {title}" for name, title in titles.items()), format_)
        return
    wanted = code.strip().upper()
    if wanted not in pages:
        raise NotFoundError("code", code)
    show({"code": wanted, "page": pages[wanted]}, lambda: f"{wanted}\n\n{_plain(pages[wanted])}", format_)


def _help_with_play(name: str, format_: Format) -> bool:
    """Show a play's parameters; whether there is such a play."""
    from boucle.worker.own_plays import play_params

    model = play_params().get(name)
    if model is None:
        return False
    from boucle.commands.play_help import describe, tell

    described = describe(name, model)
    show(described, lambda: tell(described), format_)
    return True


def _title(page: str) -> str:
    """The first sentence of a section, in one line."""
    paragraph = " ".join(page.strip().partition("\n\n")[0].split())
    first, dot, _ = paragraph.partition(". ")
    return f"{first}{dot.strip()}"


def _pages() -> Iterator[tuple[str, str]]:
    for name in _PAGES:
        text = (_folder() / name).read_text(encoding="utf-8")
        yield from _SECTION.findall(text)
        yield from ((code, _without_ticks(row)) for code, row in _ROW.findall(text))


def _folder() -> Traversable:
    """Where the pages lie: in the installed package, or beside it in a checkout."""
    from importlib.resources import files

    packaged = files("boucle") / "docs"
    return packaged if packaged.is_dir() else files("boucle") / ".." / "docs"


def _without_ticks(row: str) -> str:
    return row.replace("`", "")


def _plain(page: str) -> str:
    """The section as a terminal shows it: examples under their word instead of in fences."""
    lines: list[str] = []
    inside = False
    for line in page.strip().splitlines():
        begins = _EXAMPLE.match(line)
        if begins:
            lines.append(f"{begins[1]}:")
        if line.startswith("```"):
            inside = begins is not None or (not inside and len(line) > len("```"))
            continue
        lines.append(f"  {line}" if inside else line)
    return "\n".join(lines)
