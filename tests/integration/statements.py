"""What the database is asked while a test looks."""

from __future__ import annotations

from typing import Self

from sqlalchemy import event
from sqlalchemy.engine import Engine


class Statements:
    """Counts the statements that any engine runs while it is asked to."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __enter__(self) -> Self:
        event.listen(Engine, "before_cursor_execute", self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.said.append(statement)
