"""The workspace's message templates: `templates/<id>.<language>.txt`.

The first line is `Subject: …`, then a blank line, then the text. Variables stand in double braces:
`contact.name`, `score`, `company`, `offer.code`, `offer.value`, `offer.label`, `offer.valid_until`,
`loop.id`, `link`, `referral.code`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import TemplateError

from boucle.activities.template_language import find_faults, make_environment
from boucle.activities.text_files import TEMPLATES, Fault, TextMistake
from boucle.errors import BoucleError, Mistake

VARIABLES: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"name"}),
    "score": frozenset(),
    "company": frozenset(),
    "offer": frozenset({"code", "value", "label", "valid_until"}),
    "loop": frozenset({"id"}),
    "link": frozenset(),
    "referral": frozenset({"code"}),
    "case": frozenset({"severity", "clock", "due"}),
}
"""Every variable of a template, with its parts."""

_PERHAPS = frozenset({"offer"})
"""Variables that there may be nothing for: the offer was not granted, or can no longer be used."""

_SUBJECT = "Subject:"
_KEPT = 100
"""So many templates stay compiled; one that was mended is another text, compiled when it is first needed."""


class TemplateFailedError(BoucleError):
    """A message cannot be written from its template; after a mend it can, so it is tried again."""

    def __init__(self, template: str, language: str, detail: str) -> None:
        super().__init__(f"template '{template}' in '{language}': {detail}")


@dataclass(frozen=True)
class Text:
    """A written message: its subject in one line, and its body."""

    subject: str
    body: str


class Templates:
    """The templates of one workspace folder. Read at each use, so that a mend needs no restart."""

    def __init__(self, folder: Path, language: str) -> None:
        """`language` is taken where a template lacks the contact's."""
        self._folder = folder
        self._language = language
        self._compile = lru_cache(_KEPT)(make_environment().from_string)

    def write(self, template: str, language: str, values: Mapping[str, Any]) -> Text:
        """The message in the language, or in the workspace's own; TemplateFailedError says why not."""
        source, found = self._find(template, language)
        try:
            whole = self._compile(source).render(values)
        except TemplateError as error:
            raise TemplateFailedError(template, found, str(error)) from error
        subject, _, body = whole.partition("\n")
        if not subject.startswith(_SUBJECT):
            raise TemplateFailedError(template, found, f"the first line must be '{_SUBJECT} …'")
        return Text(subject.removeprefix(_SUBJECT).strip(), body.strip() + "\n")

    def _find(self, template: str, language: str) -> tuple[str, str]:
        for candidate in (language, self._language):
            path = self._folder / f"{template}.{candidate}.txt"
            if path.is_file():
                return path.read_text(encoding="utf-8"), candidate
        raise TemplateFailedError(template, self._language, "there is no such file")


# -- checking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateMistake(TextMistake):
    """A template that could not be written from."""

    code: ClassVar[str] = "T001"

    @property
    def help(self) -> str:
        """Where the form is said."""
        return "docs/plays.md says how a template is written, and lists its variables"


def check_templates(folder: Path, language: str) -> list[Mistake]:
    """Every mistake of every template; `language` is the workspace's own, which each needs."""
    return [TemplateMistake(*found) for found in TEMPLATES.check_texts(folder, language, _check_source)]


def _check_source(source: str) -> Iterator[Fault]:
    if not source.startswith(_SUBJECT):
        yield 1, f"the first line must be '{_SUBJECT} …'"
    yield from find_faults(source, VARIABLES, _PERHAPS)
