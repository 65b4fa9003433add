"""JSONLogic in place of a condition's text: a mapping → what it says, or every mistake. Never raises.

Both ways of writing give the same tree and go through the same checker, so that they mean the same, also
where a fact is unknown. What would mean something else there, or nothing, is refused. How deep the reading
can go is limited by the YAML reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

from boucle.errors import Mistake, Place
from boucle.rules.catalogue import Fact
from boucle.rules.language.jsonlogic_mistakes import (
    ConstantsOnly,
    DefaultValue,
    EmptyList,
    NoMeaning,
    TwoFacts,
    UnknownOperator,
    WrongOperands,
)
from boucle.rules.language.jsonlogic_words import REFUSED, name_default, write_json
from boucle.rules.language.lexer import Token, token_of
from boucle.rules.language.syntax import (
    CompareSign,
    Comparison,
    Every,
    Holds,
    Listed,
    Negated,
    Presence,
    Range,
    Some,
    Syntax,
    Test,
)
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_
from boucle.rules.value import Value
from boucle.rules.worded import did_you_mean, shortened

_SIGNS = {"==": "==", "===": "==", "!=": "!=", "!==": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BETWEEN = frozenset(("<", "<="))

Operands = tuple[Node, ...]


class ReadLogic(Value):
    """What the mapping says, None where it says nothing; an offset in it is an index of `places`."""

    said: Syntax | None
    places: tuple[Place, ...]
    mistakes: tuple[Mistake, ...]

    def place_at(self, offset: int) -> Place:
        """The place of the node with that number."""
        return self.places[offset]


def read_logic(source: Mapping_, facts: Mapping[str, Fact]) -> ReadLogic:
    """Read one JSONLogic mapping; `facts` tell a set that has a member from a text that contains one."""
    reader = _Reader(facts)
    said = reader.condition(source)
    return ReadLogic(None if reader.mistakes else said, tuple(reader.places), tuple(reader.mistakes))


class _Reader:
    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.facts = facts
        self.places: list[Place] = []
        self.mistakes: list[Mistake] = []

    def refuse(self, mistake: Mistake) -> None:
        self.mistakes.append(mistake)

    def at(self, node: Node) -> int:
        self.places.append(node.place)
        return len(self.places) - 1

    # -- operations

    def condition(self, node: Node) -> Syntax | None:
        """What must be true or false by itself."""
        operation = self.operation(node)
        if operation is None:
            return None
        operator, operands = operation
        read = OPERATORS.get(operator.text)
        if read is None:
            self.refuse(_unread(operator))
            return None
        return read(self, operator, operands)

    def operation(self, node: Node) -> tuple[Scalar, Operands] | None:
        match node:
            case Mapping_(entries=((operator, value),)):
                return operator, value.items if isinstance(value, Sequence_) else (value,)
            case Mapping_():
                found = f"{len(node.entries)} operators stand in one mapping"
                self.refuse(WrongOperands(node.place, "when", "one condition", found))
            case Sequence_():
                self.refuse(WrongOperands(node.place, "when", "one condition", "stands a list"))
            case _:
                self.refuse(ConstantsOnly(node.place, write_json(node)))
        return None

    def conditions(self, operator: Scalar, operands: Operands) -> list[Syntax]:
        """Every operand as a condition; fewer where one of them is none, which is then told."""
        if not operands:
            self.refuse(WrongOperands(operator.place, operator.text, "conditions", "there are none"))
        read = [self.condition(operand) for operand in operands]
        return [part for part in read if part is not None]

    def takes(self, count: int, operator: Scalar, operands: Operands, expected: str) -> bool:
        if len(operands) == count:
            return True
        found = "there is one" if len(operands) == 1 else f"there are {len(operands)}"
        self.refuse(WrongOperands(operator.place, operator.text, expected, found))
        return False

    # -- and, or, not, if

    def every(self, operator: Scalar, operands: Operands) -> Syntax | None:
        parts = self.conditions(operator, operands)
        return _joined(Every, parts, self.at(operator))

    def some(self, operator: Scalar, operands: Operands) -> Syntax | None:
        parts = self.conditions(operator, operands)
        return _joined(Some, parts, self.at(operator))

    def negated(self, operator: Scalar, operands: Operands) -> Syntax | None:
        part = self.itself(operator, operands)
        return Negated(part, self.at(operator)) if part else None

    def itself(self, operator: Scalar, operands: Operands) -> Syntax | None:
        return self.condition(operands[0]) if self.takes(1, operator, operands, "one condition") else None

    def choice(self, operator: Scalar, operands: Operands) -> Syntax | None:
        """`if` with both ways out, each a condition, or true or false."""
        if not self.takes(3, operator, operands, "a condition and its two ways out"):
            return None
        asked, then, other = self.condition(operands[0]), self.way(operands[1]), self.way(operands[2])
        if asked is None or then is None or other is None:
            return None
        if then is other:
            self.refuse(ConstantsOnly(operator.place, "an 'if' whose two ways out are the same"))
            return None
        return _choose(asked, then, other, self.at(operator))

    def way(self, node: Node) -> Syntax | bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        return self.condition(node)

    # -- facts and constants

    def alone(self, operator: Scalar, operands: Operands) -> Syntax | None:
        """A `var` that is a condition by itself: a bool fact, or a definition."""
        name = self.name(operator, operands)
        return Test(name, None, name.text) if name else None

    def name(self, operator: Scalar, operands: Operands) -> Token | None:
        match operands:
            case (Scalar(value=str()) as name,) | (Scalar(value=str()) as name, Scalar(value=None)) if (
                name.text
            ):
                return Token("name", name.text, self.at(name), 0)
            case (Scalar(value=str()) as name, Scalar() as default):
                written = f'{{"var": [{write_json(name)}, {write_json(default)}]}}'
                self.refuse(DefaultValue(operator.place, written, *name_default(name.text, default)))
            case _:
                self.refuse(WrongOperands(operator.place, "var", "a fact's name", "stands something else"))
        return None

    def operand(self, operator: Scalar, node: Node) -> Token | Scalar | None:
        """A fact's name, or a constant."""
        if isinstance(node, Scalar):
            return node
        if isinstance(node, Sequence_):
            self.refuse(WrongOperands(node.place, operator.text, "a fact and a constant", "stands a list"))
            return None
        inner = self.operation(node)
        if inner is None:
            return None
        if inner[0].text == "var":
            return self.name(*inner)
        self.refuse(_unread(inner[0], f"inside '{operator.text}'"))
        return None

    def constant(self, operator: Scalar, node: Scalar) -> Token | None:
        if node.value is None:
            found = "stands null; absence is asked with '===' or '!=='"
            self.refuse(WrongOperands(node.place, operator.text, "a constant", found))
            return None
        return token_of(node, self.at(node))

    # -- comparisons

    def comparison(self, operator: Scalar, operands: Operands) -> Syntax | None:
        if len(operands) == 3 and operator.text in _BETWEEN:  # noqa: PLR2004 # low, fact, high
            return self.between(operator, operands)
        if not self.takes(2, operator, operands, "a fact and a constant"):
            return None
        match [self.operand(operator, operand) for operand in operands]:
            case [Token() as one, Token() as other]:
                self.refuse(
                    TwoFacts(operator.place, operator.text, shortened(one.text), shortened(other.text))
                )
            case [Token() as name, Scalar() as constant]:
                return self.compared(operator, _SIGNS[operator.text], name, constant)
            case [Scalar() as constant, Token() as name]:
                return self.compared(operator, _MIRRORED[_SIGNS[operator.text]], name, constant)
            case [Scalar(), Scalar()]:
                self.refuse(ConstantsOnly(operator.place, f"this '{operator.text}'"))
        return None

    def compared(self, operator: Scalar, sign: str, name: Token, constant: Scalar) -> Syntax | None:
        at = self.at(operator)
        if constant.value is None and sign in {"==", "!="}:
            word = "known" if sign == "!=" else "unknown"
            test = Test(name, Presence(at), f"{name.text} is {word}")
            return test if sign == "!=" else Negated(test, at)
        value = self.constant(operator, constant)
        if value is None:
            return None
        positive = cast("CompareSign", "==" if sign == "!=" else sign)
        test = Test(name, Comparison(positive, value, at), f"{name.text} {sign} {value.text}")
        return Negated(test, at) if sign == "!=" else test

    def between(self, operator: Scalar, operands: Operands) -> Syntax | None:
        match [self.operand(operator, operand) for operand in operands]:
            case [Scalar() as low, Token() as name, Scalar() as high]:
                first, last = self.constant(operator, low), self.constant(operator, high)
                return self.ranged(operator, first, name, last) if first and last else None
            case [Scalar(), Scalar(), Scalar()]:
                self.refuse(ConstantsOnly(operator.place, f"this '{operator.text}'"))
            case [_, _, _] as read if None not in read:
                expected = "a constant, a fact and a constant where it takes three"
                self.refuse(WrongOperands(operator.place, operator.text, expected, "they stand otherwise"))
        return None

    def ranged(self, operator: Scalar, low: Token, name: Token, high: Token) -> Syntax:
        at = self.at(operator)
        if operator.text == "<=":
            return Test(name, Range(low, high, at), f"{name.text} in {low.text}..{high.text}")
        above = Test(name, Comparison(">", low, at), f"{name.text} > {low.text}")
        below = Test(name, Comparison("<", high, at), f"{name.text} < {high.text}")
        return Every((above, below), at)

    # -- in

    def membership(self, operator: Scalar, operands: Operands) -> Syntax | None:
        if not self.takes(2, operator, operands, "what is looked for, and where"):
            return None
        needle, where = self.operand(operator, operands[0]), operands[1]
        if needle is None:
            return None
        if isinstance(where, Sequence_):
            return self.listed(operator, needle, where)
        match needle, self.operand(operator, where):
            case Token() as one, Token() as other:
                self.refuse(
                    TwoFacts(operator.place, operator.text, shortened(one.text), shortened(other.text))
                )
            case Scalar() as constant, Token() as name:
                return self.held(operator, constant, name)
            case Token(), Scalar():
                self.refuse(WrongOperands(operator.place, "in", "a list after a fact", "stands one value"))
            case Scalar(), Scalar():
                self.refuse(ConstantsOnly(operator.place, "this 'in'"))
        return None

    def listed(self, operator: Scalar, needle: Token | Scalar, where: Sequence_) -> Syntax | None:
        if isinstance(needle, Scalar):
            self.refuse(ConstantsOnly(operator.place, "this 'in'"))
            return None
        if not where.items:
            self.refuse(EmptyList(where.place))
            return None
        values = [self.item(operator, item) for item in where.items]
        found = tuple(value for value in values if value is not None)
        text = f"{needle.text} in [{', '.join(value.text for value in found)}]"
        return Test(needle, Listed(found, self.at(operator)), text) if len(found) == len(values) else None

    def item(self, operator: Scalar, node: Node) -> Token | None:
        if isinstance(node, Scalar):
            return self.constant(operator, node)
        self.refuse(WrongOperands(node.place, operator.text, "a list of constants", "stands something else"))
        return None

    def held(self, operator: Scalar, constant: Scalar, name: Token) -> Syntax | None:
        value = self.constant(operator, constant)
        fact = self.facts.get(name.text)
        verb: Literal["has", "contains"] = "contains" if fact and fact.type == "text" else "has"
        held = value and Holds(verb, (value,), self.at(operator))
        return Test(name, held, f"{name.text} {verb} {value.text}") if held and value else None


def _joined(kind: type[Every | Some], parts: list[Syntax], at: int) -> Syntax | None:
    return parts[0] if len(parts) == 1 else kind(tuple(parts), at) if parts else None


def _choose(asked: Syntax, then: Syntax | bool, other: Syntax | bool, at: int) -> Syntax:
    """`if` as `and` and `or`: where the question is unknown, it holds only if it holds either way."""
    unasked = Negated(asked, at)
    if isinstance(then, bool):
        if isinstance(other, bool):
            return asked if then else unasked
        return Some((asked, other), at) if then else Every((unasked, other), at)
    if isinstance(other, bool):
        return Some((unasked, then), at) if other else Every((asked, then), at)
    return Some((Every((asked, then), at), Every((unasked, other), at)), at)


def _unread(operator: Scalar, where: str = "in a condition") -> Mistake:
    """Why an operator does not stand here."""
    if operator.text in REFUSED:
        return NoMeaning(operator.place, operator.text, "in a condition", REFUSED[operator.text])
    if operator.text in OPERATORS:
        why = "a fact is compared with a constant, not with what another condition says"
        return NoMeaning(operator.place, operator.text, where, why)
    guess = did_you_mean(operator.text, [*OPERATORS, *REFUSED])
    return UnknownOperator(operator.place, shortened(operator.text), guess)


OPERATORS: Mapping[str, Callable[[_Reader, Scalar, Operands], Syntax | None]] = {
    **dict.fromkeys(_SIGNS, _Reader.comparison),
    "var": _Reader.alone,
    "in": _Reader.membership,
    "and": _Reader.every,
    "or": _Reader.some,
    "!": _Reader.negated,
    "!!": _Reader.itself,
    "if": _Reader.choice,
    "?:": _Reader.choice,
}
"""How each operator is read where a condition is expected."""
