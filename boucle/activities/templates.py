"""The workspace's message templates: `templates/<id>.<language>.txt`.

The first line is `Subject: …`, then a blank line, then the text. Variables stand in double braces:
`contact.name`, `score`, `company`, `offer.code`, `offer.value`, `offer.label`, `offer.valid_until`,
`loop.id`, `link`, `referral.code`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from boucle.activities.template_files import FILE_NAME, find_templates
from boucle.errors import BoucleError, Mistake, Place

VARIABLES: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"name"}),
    "score": frozenset(),
    "company": frozenset(),
    "offer": frozenset({"code", "value", "label", "valid_until"}),
    "loop": frozenset({"id"}),
    "link": frozenset(),
    "referral": frozenset({"code"}),
}
"""Every variable of a template, with its parts."""

_SUBJECT = "Subject:"


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
        self._environment = _environment()

    def write(self, template: str, language: str, values: Mapping[str, Any]) -> Text:
        """The message in the language, or in the workspace's own; TemplateFailedError says why not."""
        source, found = self._find(template, language)
        try:
            whole = self._environment.from_string(source).render(values)
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


def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )


def _printed(value: Any) -> Any:
    """What is not known (a contact without a name) prints as nothing."""
    return "" if value is None else value


# -- checking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateMistake(Mistake):
    """A template that could not be written from."""

    code: ClassVar[str] = "T001"
    detail: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.detail

    @property
    def help(self) -> str:
        """Where the form is said."""
        return "docs/plays.md says how a template is written, and lists its variables"


def check_templates(folder: Path, language: str) -> list[Mistake]:
    """Every mistake of every template; `language` is the workspace's own, which each needs."""
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.txt")):
        mistakes.extend(_check_file(path, f"{folder.name}/{path.name}"))
    for name, languages in find_templates(folder).items():
        if language not in languages:
            place = Place(f"{folder.name}/{name}.{min(languages)}.txt", 1, 1)
            detail = f"'{name}' has no text in '{language}', the workspace's language"
            mistakes.append(TemplateMistake(place, detail))
    return sorted(mistakes, key=lambda mistake: mistake.place)


def _check_file(path: Path, shown: str) -> Iterator[Mistake]:
    if not FILE_NAME.fullmatch(path.name):
        yield TemplateMistake(
            Place(shown, 1, 1), "a template is called <id>.<language>.txt, such as apology.en.txt"
        )
        return
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        yield TemplateMistake(Place(shown, 1, 1), f"the file is not UTF-8 ({error.reason})")
        return
    yield from _check_source(source, shown)


def _check_source(source: str, shown: str) -> Iterator[Mistake]:
    if not source.startswith(_SUBJECT):
        yield TemplateMistake(Place(shown, 1, 1), f"the first line must be '{_SUBJECT} …'")
    try:
        tree = _environment().parse(source)
    except TemplateSyntaxError as error:
        yield TemplateMistake(Place(shown, error.lineno, 1), error.message or "the braces don't fit")
        return
    for line, name in sorted(_strangers(tree)):
        known = ", ".join(_spelled())
        yield TemplateMistake(Place(shown, line, 1), f"unknown variable '{name}'; there are {known}")


def _spelled() -> list[str]:
    return [f"{name}.{part}" for name, parts in VARIABLES.items() for part in sorted(parts)] + [
        name for name, parts in VARIABLES.items() if not parts
    ]


def _strangers(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in VARIABLES and name.name not in own:
            yield name.lineno, name.name
    for part in tree.find_all(nodes.Getattr):
        base = part.node
        if isinstance(base, nodes.Name) and base.name in VARIABLES and part.attr not in VARIABLES[base.name]:
            yield part.lineno, f"{base.name}.{part.attr}"
