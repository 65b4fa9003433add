"""JSONLogic as our compiler emits it, in the expression language of zen-engine."""

from __future__ import annotations

import json

from pydantic import JsonValue


def translate(expression: JsonValue) -> str:
    """The same test as a zen expression, its constants and guards included."""
    match expression:
        case None | bool() | int():
            return json.dumps(expression)
        case str():
            return f"'{expression}'"
        case list():
            return f"[{', '.join(translate(one) for one in expression)}]"
        case dict():
            ((operator, arguments),) = expression.items()
            return _operation(operator, arguments)
    raise ValueError(f"no zen expression for {expression}")


_SYMBOLS = {"===": "==", "!==": "!="}


def _operation(operator: str, arguments: JsonValue) -> str:
    if operator == "var":
        return str(arguments)
    if not isinstance(arguments, list):
        raise TypeError(f"'{operator}' without a list of arguments")
    parts = [translate(argument) for argument in arguments]
    match operator, parts:
        case "!", [part]:
            return f"(not {part})"
        case "<=", [low, value, high]:
            return f"({value} >= {low} and {value} <= {high})"
    return f"({f' {_SYMBOLS.get(operator, operator)} '.join(parts)})"
