"""A told programme as a page: Markdown for a terminal or a wiki, HTML for a browser and for paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from boucle.rules.writing.process import Line, Page, Section

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}h1{font-size:1.6rem;margin-top:2.5rem}h2{font-size:1.15rem;margin-top:1.8rem}"
    "li{margin:.6rem 0}small{color:#555;display:block}@media print{body{margin:0;max-width:none}}"
)


def render_markdown(page: Page) -> str:
    """The page as Markdown."""
    return "\n".join(line for section in page.sections for line in _section_lines(section)).strip()


def _section_lines(section: Section) -> Iterator[str]:
    yield from (f"{'#' * section.level} {section.heading}", "")
    if section.lead:
        yield from (section.lead, "")
    for number, line in enumerate(section.lines, 1):
        bullet = f"{number}." if section.numbered else "-"
        title = f"**{line.title}.** " if line.title else ""
        yield f"{bullet} {title}{line.text}"
        yield from (f"{' ' * (len(bullet) + 1)}- {note}" for note in line.notes)
    if section.lines:
        yield ""


def render_html(page: Page) -> str:
    """The page as one self-contained HTML document."""
    title = escape(page.sections[0].heading) if page.sections else ""
    body = "".join(_section_html(section) for section in page.sections)
    return (
        f'<!doctype html><html lang="{page.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _section_html(section: Section) -> str:
    heading = f"<h{section.level}>{escape(section.heading)}</h{section.level}>"
    lead = f"<p>{escape(section.lead)}</p>" if section.lead else ""
    kind = "ol" if section.numbered else "ul"
    lines = "".join(_line_html(line) for line in section.lines)
    return heading + lead + (f"<{kind}>{lines}</{kind}>" if lines else "")


def _line_html(line: Line) -> str:
    title = f"<strong>{escape(line.title)}.</strong> " if line.title else ""
    notes = "".join(f"<small>{escape(note)}</small>" for note in line.notes)
    return f"<li>{title}{escape(line.text)}{notes}</li>"
