"""A condition's grammar: from its text to what it says, or the first mistake. Never raises.

expr = and { "or" and } ;   and = not { "and" not } ;   not = "not" not | test ;
test = "(" expr ")" | name [ rel ] ;
"""

from __future__ import annotations

from typing import Literal, cast

from boucle.errors import Mistake
from boucle.rules.language.condition_mistakes import (
    BareText,
    Chained,
    NumberNotAlone,
    OtherWord,
    TooComplex,
    Unexpected,
    ValueFirst,
)
from boucle.rules.language.lexer import Token, read_tokens
from boucle.rules.language.syntax import (
    CompareSign,
    Comparison,
    Every,
    Holds,
    Listed,
    Negated,
    Presence,
    Range,
    Relation,
    Some,
    Syntax,
    Test,
)
from boucle.rules.strict_yaml.source import Scalar

MAX_NESTING = 50

_SIGNS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_FRENCH = {
    "et": "and", "ou": "or", "non": "not", "pas": "not", "dans": "in", "parmi": "in", "est": "is",
    "contient": "contains", "connu": "known", "connue": "known", "inconnu": "unknown", "inconnue": "unknown",
    "vrai": "true", "faux": "false",
}  # fmt: skip
_UNITS = frozenset(
    "d day days j jour jours h hour hours heure heures min minute minutes w week weeks semaine semaines "
    "m month months mois y year years an ans année années point points percent eur euro euros usd gbp".split()
)
_THREE_DIGITS = 3
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def parse(source: Scalar) -> tuple[Syntax | None, Mistake | None]:
    """Read one condition; either what it says, or its first mistake."""
    tokens, mistake = read_tokens(source)
    if mistake:
        return None, mistake
    try:
        return _Parser(source, tokens).whole(), None
    except _StopError as stop:
        return None, stop.mistake


class _StopError(Exception):
    """Carries the first mistake out of the recursion; never leaves this module."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__()
        self.mistake = mistake


class _Parser:
    def __init__(self, source: Scalar, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.nesting = 0

    # -- moving over the tokens

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def at_end(self) -> bool:
        return self.here.kind == "end"

    def ahead(self, count: int) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.here
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def accept(self, text: str) -> bool:
        if self.here.kind in {"word", "sign"} and self.here.text == text:
            self.take()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.stop(f"'{text}'")

    def stop(self, expected: str) -> _StopError:
        place, found = self.source.place_at(self.here.start), self.here.text.lower()
        if found in _FRENCH:
            return _StopError(OtherWord(place, self.here.text, _FRENCH[found]))
        return self.not_alone() or _StopError(Unexpected(place, expected, str(self.here)))

    def not_alone(self) -> _StopError | None:
        """A number before which a number or a unit stands, told as one mistake."""
        before, here = self.tokens[max(self.at - 1, 0)], self.here
        if before.kind != "number" or before is here:
            return None
        mended = "the number alone, counted in the fact's own unit (a year in days is 365)"
        if here.kind == "number" and len(here.text.partition(".")[0]) == _THREE_DIGITS:
            mended = before.text + here.text
        elif here.text.lower() not in _UNITS:
            return None
        found = f"'{before.text} {here.text}'"
        return _StopError(NumberNotAlone(self.source.place_at(before.start), found, mended))

    # -- the grammar

    def whole(self) -> Syntax:
        if self.at_end():
            raise self.stop("a condition")
        said = self.any_of()
        if not self.at_end():
            raise self.after_test()
        return said

    def any_of(self) -> Syntax:
        start = self.here.start
        parts = [self.all_of()]
        while self.accept("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Some(tuple(parts), start)

    def all_of(self) -> Syntax:
        start = self.here.start
        parts = [self.negation()]
        while self.accept("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Every(tuple(parts), start)

    def negation(self) -> Syntax:
        start = self.here.start
        if self.accept("not"):
            with_one_more = self.nested(start)
            said = Negated(self.negation(), start)
            self.nesting = with_one_more
            return said
        return self.test()

    def nested(self, start: int) -> int:
        before = self.nesting
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise _StopError(TooComplex(self.source.place_at(start), "nests too deep", MAX_NESTING))
        return before

    def test(self) -> Syntax:
        start = self.here.start
        if self.accept("("):
            before = self.nested(start)
            said = self.any_of()
            if not self.accept(")"):
                raise self.after_test()
            self.nesting = before
            return said
        if self.here.kind in {"number", "text"} or self.here.text in {"true", "false"}:
            raise self.value_first()
        if self.here.kind != "name":
            raise self.stop("a fact, a definition, 'not' or '('")
        return self.named_test(self.take())

    def named_test(self, name: Token) -> Syntax:
        sign = self.here.text
        relation, negated = self.relation()
        text = self.source.text[name.start : self.tokens[self.at - 1].end]
        if isinstance(relation, Comparison) and self.here.text in _SIGNS:
            raise self.chained(name, sign, relation.value)
        test = Test(name, relation, text)
        return Negated(test, name.start) if negated else test

    def relation(self) -> tuple[Relation | None, bool]:
        at = self.here.start
        if self.here.kind == "sign" and self.here.text in _SIGNS:
            sign = self.take().text
            positive = cast("CompareSign", "==" if sign == "!=" else sign)
            return Comparison(positive, self.value(), at), sign == "!="
        if self.here.text == "not" and self.ahead(1).text == "in":
            self.take()
            self.take()
            return self.membership(at), True
        if self.accept("in"):
            return self.membership(at), False
        if self.accept("is"):
            return self.presence(at)
        return self.holding(at), False

    def membership(self, at: int) -> Relation:
        if self.here.kind == "name":
            return Listed((), at, self.take())
        if self.here.kind == "sign":
            return Listed(self.values("a range such as 0..6 or a list such as [1, 2]"), at)
        low = self.value()
        if not self.accept(".."):
            raise self.stop("'..' and the end of the range")
        return Range(low, self.value(), at)

    def presence(self, at: int) -> tuple[Relation, bool]:
        if self.accept("known"):
            return Presence(at), False
        if self.accept("unknown"):
            return Presence(at), True
        raise self.stop("'known' or 'unknown'")

    def holding(self, at: int) -> Relation | None:
        if self.accept("has"):
            return self.held("has", at)
        if self.accept("contains"):
            return self.held("contains", at)
        return None

    def held(self, verb: Literal["has", "contains"], at: int) -> Holds:
        if self.here.text == "[":
            place = self.source.place_at(self.tokens[self.at - 1].start)
            raise _StopError(OtherWord(place, f"{verb} […]", f"{verb} any […]"))
        if not self.accept("any"):
            return Holds(verb, (self.value(),), at)
        if self.here.kind == "name":
            return Holds(verb, (), at, self.take())
        return Holds(verb, self.values('a list such as ["a", "b"]'), at)

    def values(self, expected: str) -> tuple[Token, ...]:
        if not self.accept("["):
            raise self.stop(expected)
        found = [self.value()]
        while self.accept(","):
            found.append(self.value())
        self.expect("]")
        return tuple(found)

    def value(self) -> Token:
        if self.here.kind in {"number", "text"} or self.here.text in {"true", "false"}:
            return self.take()
        if self.here.kind == "name" and self.here.text.lower() not in {"vrai", "faux"}:
            place = self.source.place_at(self.here.start)
            raise _StopError(BareText(place, str(self.here), self.here.text))
        raise self.stop("a value")

    # -- what went wrong

    def after_test(self) -> _StopError:
        last = self.tokens[self.at - 1]
        if last.kind == "name" and last.text.lower() in {"non", "pas"}:
            return _StopError(OtherWord(self.source.place_at(last.start), last.text, "not"))
        if last.kind == "name" and self.here.kind not in {"end", "sign"}:
            return self.stop("a comparison, 'and', 'or' or the end")
        return self.stop("'and', 'or' or the end" if not self.nesting else "'and', 'or' or ')'")

    def value_first(self) -> _StopError:
        value, sign, name, second, last = (self.ahead(count) for count in range(5))
        if sign.text not in _SIGNS or name.kind != "name":
            return self.stop("a fact or a definition")
        if second.text in _SIGNS and last.kind == "number":
            mended = _range_of(name.text, sign.text, value, second.text, last)
            return _StopError(Chained(self.source.place_at(second.start), mended))
        mended = f"{name.text} {_MIRRORED[sign.text]} {value.text}"
        return _StopError(ValueFirst(self.source.place_at(value.start), mended))

    def chained(self, name: Token, sign: str, value: Token) -> _StopError:
        mended = f"{name.text} {sign} {value.text} and {name.text} …"
        if sign in {">", ">="} and self.here.text in {"<", "<="} and self.ahead(1).kind == "number":
            mended = _range_of(name.text, _MIRRORED[sign], value, self.here.text, self.ahead(1))
        return _StopError(Chained(self.source.place_at(self.here.start), mended))


def _range_of(name: str, sign: str, low: Token, second: str, high: Token) -> str:
    """The range that a chained comparison meant, where both ends are whole numbers or included."""
    if {sign, second} <= {">", ">="}:
        sign, second, low, high = _MIRRORED[second], _MIRRORED[sign], high, low
    if sign == second == "<=":
        return f"{name} in {low.text}..{high.text}"
    if (
        sign in {"<", "<="}
        and second in {"<", "<="}
        and isinstance(low.value, int)
        and isinstance(high.value, int)
    ):
        return f"{name} in {low.value + (sign == '<')}..{high.value - (second == '<')}"
    return f"{name} {_MIRRORED.get(sign, sign)} {low.text} and {name} {second} {high.text}"
