"""A JSONLogic rule over constants as one over facts: `{"<": [1, 2]}` becomes `{"<": [{"var": "c1"}, 2]}`.

A rule's own cases mostly compare constants, which a condition may not. Over facts with those values they must
give the same.
"""

from __future__ import annotations

from typing import Any

_COMPARED = frozenset(("==", "===", "!=", "!==", "<", "<=", ">", ">="))
_JOINED = frozenset(("and", "or", "!", "!!"))
_CHOICES = frozenset(("if", "?:"))
_BETWEEN = 3


def lift(rule: Any, data: Any) -> tuple[Any, Any]:
    """The rule with facts in place of the constants that stand where a fact must, and the data with them."""
    lifter = _Lifter(dict(data) if isinstance(data, dict) else {})
    return lifter.lift(rule), lifter.data


class _Lifter:
    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.count = 0

    def lift(self, rule: Any) -> Any:
        if not isinstance(rule, dict) or len(rule) != 1:
            return rule
        ((operator, value),) = rule.items()
        operands = list(value) if isinstance(value, list) else [value]
        return {operator: self.operands(str(operator), operands)}

    def operands(self, operator: str, operands: list[Any]) -> list[Any]:
        if operator in _COMPARED and not any(isinstance(one, dict) for one in operands):
            return self.one(operands, 1 if len(operands) == _BETWEEN else 0)
        if operator == "in" and len(operands) > 1:
            return self.one(operands, 0 if isinstance(operands[1], list) else 1)
        if operator in _JOINED:
            return [self.fact(one) for one in operands]
        return self.one(operands, 0) if operator in _CHOICES else [*operands]

    def one(self, operands: list[Any], at: int) -> list[Any]:
        return [self.fact(one) if number == at else one for number, one in enumerate(operands)]

    def fact(self, value: Any) -> Any:
        """A constant as a fact; what is an operation already, with its own constants as facts."""
        if value is None or isinstance(value, dict | list):
            return self.lift(value)
        self.count += 1
        self.data[f"c{self.count}"] = value
        return {"var": f"c{self.count}"}
