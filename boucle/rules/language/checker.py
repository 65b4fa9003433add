"""Looks up a condition's names and types its constants: what it says → the tree that is compiled."""

from __future__ import annotations

from collections.abc import Callable

from boucle.errors import Mistake, Place
from boucle.model import FactValue
from boucle.rules.catalogue import Fact
from boucle.rules.condition import (
    And,
    Compare,
    Contains,
    Defined,
    Expr,
    Has,
    IsTrue,
    Known,
    Not,
    OneOf,
    Or,
    Within,
)
from boucle.rules.encoding import fold
from boucle.rules.language.condition_mistakes import (
    AlwaysKnown,
    EmptyRange,
    FoldedCondition,
    ListMisfit,
    PersonalFact,
    TypeMismatch,
    UnknownList,
    UnknownName,
)
from boucle.rules.language.constants import mismatch, read_constant
from boucle.rules.language.jsonlogic import read_logic
from boucle.rules.language.lexer import Token
from boucle.rules.language.named_lists import NamedList
from boucle.rules.language.parser import parse
from boucle.rules.language.scope import Scope
from boucle.rules.language.syntax import (
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
from boucle.rules.strict_yaml.source import Mapping_, Scalar
from boucle.rules.worded import did_you_mean, shortened

PlaceOf = Callable[[int], Place]

_ORDERED = frozenset(("int", "decimal", "date", "instant"))
_EQUAL = _ORDERED | {"enum", "text"}


def read_condition(source: Scalar | Mapping_, scope: Scope) -> tuple[Expr | None, list[Mistake]]:
    """Read and check one condition, text or JSONLogic: its tree, or every mistake that it holds."""
    if isinstance(source, Mapping_):
        logic = read_logic(source, scope.facts)
        return _check(logic.said, logic.place_at, scope) if logic.said else (None, list(logic.mistakes))
    if source.style == ">":
        return None, [FoldedCondition(source.place)]
    said, mistake = parse(source)
    if said is None:
        return None, [mistake] if mistake else []
    return _check(said, source.place_at, scope)


def _check(said: Syntax, place: PlaceOf, scope: Scope) -> tuple[Expr | None, list[Mistake]]:
    checker = _Checker(place, scope)
    return checker.check(said), checker.mistakes


class _Checker:
    def __init__(self, place: PlaceOf, scope: Scope) -> None:
        self.place = place
        self.scope = scope
        self.mistakes: list[Mistake] = []

    def refuse(self, mistake: Mistake) -> None:
        self.mistakes.append(mistake)

    def check(self, said: Syntax) -> Expr | None:
        match said:
            case Every() | Some():
                return self.joined(said)
            case Negated():
                part = self.check(said.part)
                return part and Not(part, self.place(said.start))
            case Test(relation=None):
                return self.lone(said)
            case Test():
                return self.related(said)

    def joined(self, said: Every | Some) -> Expr | None:
        checked = [self.check(part) for part in said.parts]
        parts = tuple(part for part in checked if part is not None)
        if len(parts) < len(checked):
            return None
        place = self.place(said.start)
        return And(parts, place) if isinstance(said, Every) else Or(parts, place)

    # -- names

    def lone(self, test: Test) -> Expr | None:
        name, place = test.name.text, self.place(test.name.start)
        if name in self.scope.definitions and name not in self.scope.broken:
            return Defined(name, place)
        fact = self.fact(test.name)
        if fact is None:
            return None
        if fact.type != "bool":
            self.refuse(mismatch(fact, place, "alone it is no condition, compare it with something"))
            return None
        return IsTrue(name, place, test.text)

    def fact(self, name: Token) -> Fact | None:
        """The fact of that name, or None with the reason said."""
        place = self.place(name.start)
        fact = self.scope.facts.get(name.text)
        if self.scope.is_silent_on(name.text):
            return None
        if fact is None:
            guess = did_you_mean(fold(name.text), self.scope.names())
            self.refuse(UnknownName(place, "fact", shortened(name.text), guess))
        elif self.scope.reader and fact.pii:
            self.refuse(PersonalFact(place, name.text, self.scope.reader))
            return None
        return fact

    # -- relations

    def related(self, test: Test) -> Expr | None:
        place = self.place(test.name.start)
        if test.name.text in self.scope.definitions:
            problem = "it stands alone, or after 'not'"
            self.refuse(TypeMismatch(place, test.name.text, "a definition", problem))
            return None
        fact = self.fact(test.name)
        return None if fact is None else self.relation(fact, test, place)

    def relation(self, fact: Fact, test: Test, place: Place) -> Expr | None:
        match test.relation:
            case Comparison():
                return self.comparison(fact, test.relation, place, test.text)
            case Range():
                return self.range(fact, test.relation, place, test.text)
            case Listed():
                return self.listed(fact, test.relation, place, test.text)
            case Holds():
                return self.holds(fact, test.relation, place, test.text)
            case _:
                return self.presence(fact, place, test)

    def presence(self, fact: Fact, place: Place, test: Test) -> Expr | None:
        if not fact.optional:
            at = test.relation.at if isinstance(test.relation, Presence) else test.name.start
            self.refuse(AlwaysKnown(self.place(at), fact.name))
            return None
        return Known(fact.name, place, test.text)

    def comparison(self, fact: Fact, relation: Comparison, place: Place, text: str) -> Expr | None:
        fits = _EQUAL | {"bool"} if relation.sign == "==" else _ORDERED
        if not self.fits(fact, fits, relation.at, f"'{relation.sign}' does not apply{_instead(fact)}"):
            return None
        value = self.value(fact, relation.value)
        if value is None:
            return None
        if isinstance(value, bool):
            alone = IsTrue(fact.name, place, text)
            return alone if value else Not(alone, place)
        return Compare(fact.name, relation.sign, value, place, text)

    def range(self, fact: Fact, relation: Range, place: Place, text: str) -> Expr | None:
        if not self.fits(fact, _ORDERED, relation.at, f"a range does not apply{_instead(fact)}"):
            return None
        low, high = self.value(fact, relation.low), self.value(fact, relation.high)
        if low is None or high is None:
            return None
        if _comes_after(low, high):
            self.refuse(EmptyRange(self.place(relation.low.start), relation.low.text, relation.high.text))
            return None
        return Within(fact.name, low, high, place, text)

    def listed(self, fact: Fact, relation: Listed, place: Place, text: str) -> Expr | None:
        if not self.fits(fact, _EQUAL, relation.at, f"'in' does not apply{_instead(fact)}"):
            return None
        values = self.values(fact, relation)
        return OneOf(fact.name, values, place, text) if values else None

    def holds(self, fact: Fact, relation: Holds, place: Place, text: str) -> Expr | None:
        fits = frozenset(("set",) if relation.verb == "has" else ("text",))
        if not self.fits(fact, fits, relation.at, f"'{relation.verb}' does not apply{_instead(fact)}"):
            return None
        values = tuple(str(value) for value in self.values(fact, relation))
        if relation.verb == "contains" and not all(map(fold, values)):
            first = relation.named or relation.values[0]
            self.refuse(mismatch(fact, self.place(first.start), "every text contains the empty one"))
            return None
        if not values:
            return None
        return (Has if relation.verb == "has" else Contains)(fact.name, values, place, text)

    def fits(self, fact: Fact, types: frozenset[str], at: int, problem: str) -> bool:
        if fact.type in types:
            return True
        self.refuse(mismatch(fact, self.place(at), problem))
        return False

    # -- constants

    def value(self, fact: Fact, token: Token) -> FactValue | None:
        value = read_constant(fact, token, self.place(token.start))
        if isinstance(value, Mistake):
            self.refuse(value)
            return None
        return value

    def values(self, fact: Fact, relation: Listed | Holds) -> tuple[FactValue, ...]:
        """All constants, each once; none where one of them is wrong."""
        if relation.named is not None:
            found = self.named_values(fact, relation.named)
        else:
            found = [self.value(fact, token) for token in relation.values]
        known = [value for value in found if value is not None]
        return tuple(dict.fromkeys(known)) if len(known) == len(found) else ()

    def named_values(self, fact: Fact, name: Token) -> list[FactValue | None]:
        """The constants of a named list, as values of this fact."""
        place, named = self.place(name.start), self.scope.lists.get(name.text)
        if named is None:
            guess = did_you_mean(name.text, self.scope.lists)
            if self.scope.complete:
                self.refuse(UnknownList(place, shortened(name.text), guess))
            return []
        return [self.named_value(fact, token, named, place) for token in named.values]

    def named_value(self, fact: Fact, token: Token, named: NamedList, place: Place) -> FactValue | None:
        value = read_constant(fact, token, place)
        if isinstance(value, Mistake):
            self.refuse(ListMisfit(place, named.name, str(named.place), value.message))
            return None
        return value


def _comes_after(low: FactValue, high: FactValue) -> bool:
    return bool(low > high)  # type: ignore[operator] # both are of the fact's one ordered type


def _instead(fact: Fact) -> str:
    match fact.type:
        case "set":
            return ", use 'has'"
        case "text":
            return ", use '==' or 'contains'"
        case "enum":
            return ", use '==' or 'in […]'"
        case "bool":
            return ", it stands alone, or after 'not'"
        case _:
            return ", use '==', '<' or 'in 0..6'"
