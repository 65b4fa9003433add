"""`spends` and `if_exhausted`: what a start takes from a budget, and what is done instead without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, JsonValue

from boucle.errors import Mistake, Place
from boucle.model import Money, NotSpent, OneSpent
from boucle.rules.declarations.gate_mistakes import (
    BeyondBudget,
    NothingExhausted,
    NothingToSpend,
    OtherCurrency,
    SpendsAnyway,
    UnknownBudget,
)
from boucle.rules.declarations.params import Known, read_model
from boucle.rules.declarations.policy_file import ReadPolicy
from boucle.rules.ruleset import Budget, Spending
from boucle.rules.strict_yaml.form import Form
from boucle.rules.value import Value
from boucle.rules.worded import did_you_mean, listed, shortened

KEYS = frozenset(("spends", "if_exhausted"))
EXHAUSTED_KEYS = ("with",)


class Start(Value):
    """A play with its parameter model, and the validated parameters; None where they are wrong."""

    play: str
    model: type[BaseModel]
    params: BaseModel | None


def find_money(value: object) -> Iterator[Money]:
    """What a start may spend, of validated parameters: limits are not spent, of several ways the dearest."""
    if isinstance(value, Money):
        yield value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if not any(isinstance(mark, NotSpent) for mark in field.metadata):
                amounts = find_money(getattr(value, name))
                one = any(isinstance(mark, OneSpent) for mark in field.metadata)
                yield from _dearest(amounts) if one else amounts
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from find_money(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from find_money(item)


def _dearest(amounts: Iterable[Money]) -> Iterator[Money]:
    """The greatest amount of each currency."""
    found: dict[str, Money] = {}
    for amount in amounts:
        known = found.get(amount.currency, amount)
        found[amount.currency] = max(known, amount, key=lambda one: one.minor)
    yield from found.values()


def read_spending(form: Form, start: Start | None, policy: ReadPolicy, known: Known) -> Spending | None:
    """What the start of a rule takes of a budget: all the money that its parameters name.

    `if_exhausted` has the parameters of the same play that are taken when the budget does not hold
    that much; they name no money, for nobody would have set it aside. `start` None: the play has a
    mistake of its own, so only the names are checked.
    """
    if not form.has("spends"):
        if form.has("if_exhausted"):
            key = form.node.find_key("if_exhausted")
            form.refuse(NothingExhausted(key.place if key else form.place))
        return None
    budget = _budget(form, policy)
    otherwise = _otherwise(form, start, budget, known) if form.has("if_exhausted") else None
    if budget is None or start is None or start.params is None:
        return None
    amounts = list(find_money(start.params))
    place = form.place_of("spends")
    mistakes = list(_check_amounts(amounts, budget, place))
    form.mistakes.extend(mistakes)
    return None if mistakes else Spending(budget.id, _total(amounts, budget), otherwise)


def _budget(form: Form, policy: ReadPolicy) -> Budget | None:
    name = form.scalar("spends", "the name of a budget")
    if name is None:
        return None
    budgets = {budget.id: budget for budget in policy.policy.budgets}
    if name.text not in budgets and name.text not in policy.broken and policy.complete:
        guess = did_you_mean(name.text, budgets)
        known = listed(sorted(budgets)) or "none"
        form.refuse(UnknownBudget(name.place, shortened(name.text), guess, known))
    return budgets.get(name.text)


def _total(amounts: Sequence[Money], budget: Budget) -> Money:
    return Money(minor=sum(amount.minor for amount in amounts), currency=budget.limit.currency)


def _check_amounts(amounts: Sequence[Money], budget: Budget, place: Place) -> Iterator[Mistake]:
    limit = budget.limit
    foreign = next((amount for amount in amounts if amount.currency != limit.currency), None)
    if foreign is not None:
        yield OtherCurrency(place, str(foreign), budget.id, limit.currency, foreign.currency)
        return
    total = _total(amounts, budget)
    if total.minor <= 0:
        yield NothingToSpend(place, budget.id)
    elif total.minor > limit.minor:
        yield BeyondBudget(place, str(total), budget.id, str(limit))


def _otherwise(
    form: Form, start: Start | None, budget: Budget | None, known: Known
) -> Mapping[str, JsonValue] | None:
    entry = form.form("if_exhausted", "'if_exhausted'")
    if entry is None:
        return None
    entry.check_keys(EXHAUSTED_KEYS)
    entry.require(*EXHAUSTED_KEYS)
    with_ = entry.form("with", "'if_exhausted'") if entry.has("with") else None
    if with_ is None or start is None:
        return None
    params, mistakes = read_model(start.play, start.model, with_.node, known)
    entry.mistakes.extend(mistakes)
    costs = next((amount for amount in find_money(params) if amount.minor), None)
    if costs is not None and budget is not None:
        entry.refuse(SpendsAnyway(with_.place, str(costs), budget.id))
    return None if params is None else params.model_dump(mode="json")
