"""The workspace's own texts, a file for each language that one is written in: templates and call scripts.

Which there are is told by the files' names alone: nothing is read for it, nor is their language loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boucle.errors import Mistake, Place

Fault = tuple[int, str]
"""What is wrong in a text, with its line."""


@dataclass(frozen=True)
class TextMistake(Mistake):
    """A text that could not be written from, or read out."""

    detail: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.detail


@dataclass(frozen=True)
class TextKind:
    """What one kind of text is called, the workspace's folder of them, and their files' names."""

    name: str
    folder: str
    suffix: str
    file_name: re.Pattern[str]
    example: str

    def list_files(self, folder: Path) -> list[Path]:
        """Every file there that is meant to be one, whatever it is called."""
        return sorted(folder.glob(f"*{self.suffix}"))

    def find_texts(self, folder: Path) -> dict[str, frozenset[str]]:
        """Every text by its id, with the languages it is written in."""
        found: dict[str, set[str]] = {}
        for path in self.list_files(folder):
            if match := self.file_name.fullmatch(path.name):
                found.setdefault(match["id"], set()).add(match["language"])
        return {name: frozenset(languages) for name, languages in found.items()}

    def check_texts(
        self, folder: Path, language: str, find_faults: Callable[[str], Iterable[Fault]]
    ) -> list[tuple[Place, str]]:
        """What is wrong with every file, in the order of their places; each text needs that language.

        `find_faults` says what is wrong with a text that can be read.
        """
        found: list[tuple[Place, str]] = []
        for path in self.list_files(folder):
            shown = f"{folder.name}/{path.name}"
            found += [(Place(shown, line, 1), detail) for line, detail in self._check_file(path, find_faults)]
        found += self._check_languages(folder, language)
        return sorted(found, key=lambda one: one[0])

    def _check_file(self, path: Path, find_faults: Callable[[str], Iterable[Fault]]) -> Iterable[Fault]:
        if not self.file_name.fullmatch(path.name):
            called = f"<id>.<language>{self.suffix}, such as {self.example}"
            return [(1, f"a {self.name} is called {called}")]
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            return [(1, f"the file is not UTF-8 ({error.reason})")]
        return find_faults(source)

    def _check_languages(self, folder: Path, language: str) -> Iterator[tuple[Place, str]]:
        for name, languages in self.find_texts(folder).items():
            if language not in languages:
                shown = f"{folder.name}/{name}.{min(languages)}{self.suffix}"
                yield Place(shown, 1, 1), f"'{name}' has no text in '{language}', the workspace's language"


TEMPLATES = TextKind(
    name="template",
    folder="templates",
    suffix=".txt",
    file_name=re.compile(r"(?P<id>[a-z0-9][a-z0-9-]*)\.(?P<language>[a-z]{2})\.txt"),
    example="apology.en.txt",
)
"""Messages: `templates/<id>.<language>.txt`."""

SCRIPTS = TextKind(
    name="script",
    folder="scripts",
    suffix=".md",
    file_name=re.compile(r"(?P<id>[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-z]{2})\.md"),
    example="csm_case.en.md",
)
"""Open questions for a call: `scripts/<id>.<language>.md`."""
