"""One response of a test: its facts, its instants, who answered, and what must come out.

A key is looked up in the row or step, then in the test, then in the file's defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from boucle.model import Closure, FactValue, Money
from boucle.rules.declarations.local_times import read_instant
from boucle.rules.gates import ROLLOUT, Arms
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Mapping_, Scalar
from boucle.rules.testing.case_mistakes import (
    ExpectsNothing,
    FactsMissing,
    NoArmWithoutContact,
    NotInWorkspace,
    PinnedInSteps,
)
from boucle.rules.testing.cases import CONTACT, CUSTOMER, Defaults, Expected, Step, World
from boucle.rules.testing.expectation import Surroundings, read_expect
from boucle.rules.testing.values import read_facts
from boucle.rules.worded import did_you_mean, listed, shortened

WORLD_KEYS = frozenset(("counted", "left", "open_loop"))

Layers = tuple[Form, ...]


def _said_in(layers: Layers, key: str) -> Form | None:
    return next((form for form in layers if form.has(key)), None)


def _said_everywhere(layers: Layers, key: str) -> list[Form]:
    """The mappings under a key, the furthest layer first, so that a nearer one can overrule it."""
    below = [form.form(key, f"'{key}'") for form in reversed(layers) if form.has(key)]
    return [form for form in below if form is not None]


def read_step(
    layers: Layers, around: Surroundings, *, needs_expect: bool, stepped: bool = False
) -> Step | None:
    """Read one response; None where it is not said when it is answered."""
    own = layers[0]
    reading = _Reading(layers, around, stepped=stepped)
    at = reading.at()
    responded_at = reading.instant(layers[:1] if stepped else layers, "responded_at")
    contact, customer = reading.party("contact", CONTACT), reading.party("customer", CUSTOMER)
    given, pinned = reading.facts(contact, customer)
    expect, arms, closes = reading.expect(), reading.arms(contact), _closes(own)
    if needs_expect and not any(form.has("expect") for form in layers):
        own.refuse(ExpectsNothing(own.place, own.what))
    if at is None:
        return None
    return Step(
        place=own.place,
        at=at,
        responded_at=responded_at or at,
        given=given,
        expect=expect,
        pinned=pinned,
        contact=contact,
        customer=customer,
        arms=arms,
        closes=closes,
    )


def read_defaults(form: Form, around: Surroundings) -> Defaults:
    """What holds for every test of the file that does not say otherwise."""
    reading = _Reading((form,), around, stepped=False)
    below = form.form("facts", "'facts'") if form.has("facts") else None
    contact = reading.party("contact", CONTACT)
    return Defaults(
        now=reading.instant((form,), "now"),
        facts=read_facts(below, around.workspace.catalogue) if below else {},
        contact=contact,
        customer=reading.party("customer", CUSTOMER),
        arms=reading.arms(contact),
        world=read_world((form,), around),
    )


def _closes(form: Form) -> Closure | None:
    """`close: true` is a recovered one."""
    value = form.node.find("close")
    if not isinstance(value, Scalar) or value.value is False:
        return None
    if value.value is True:
        return Closure.RECOVERED
    named = form.choice("close", [str(closure) for closure in Closure])
    return Closure(named) if named else None


@dataclass(frozen=True)
class _Reading:
    """The layers in which the keys of one response are looked up, the nearest first."""

    layers: Layers
    around: Surroundings
    stepped: bool

    @property
    def own(self) -> Form:
        return self.layers[0]

    def instant(self, layers: Layers, key: str) -> datetime | None:
        form = _said_in(layers, key)
        return read_instant(form, key, self.around.rule_set.timezone) if form else None

    def at(self) -> datetime | None:
        """When the response is accepted: a step's `at`, else the nearest `now`."""
        if self.stepped:
            return self.instant((self.own,), "at")
        if _said_in(self.layers, "now") is None:
            self.own.refuse(MissingKey(self.own.place, self.own.what, "now"))
        return self.instant(self.layers, "now")

    def party(self, key: str, otherwise: str) -> str | None:
        """Who answered; null: nobody knows."""
        form = _said_in(self.layers, key)
        if form is None:
            return otherwise
        value = form.node.find(key)
        return None if isinstance(value, Scalar) and value.value is None else form.text(key) or otherwise

    def facts(
        self, contact: str | None, customer: str | None
    ) -> tuple[dict[str, FactValue], dict[str, FactValue | None]]:
        """The known facts that the response brings, and the derived ones that are pinned."""
        catalogue = self.around.workspace.catalogue
        unknown = [f"{of}." for of, who in (("customer", customer), ("contact", contact)) if who is None]
        found: dict[str, FactValue | None] = {}
        for form in _said_everywhere(self.layers, "facts"):
            said = read_facts(form, catalogue)
            self._refuse_pins(form, said)
            found |= said
            if form.node is not self.own.node.find("facts"):
                found = {name: found[name] for name in found if not name.startswith(tuple(unknown))}
        self._require(found)
        given = {name: value for name, value in found.items() if not catalogue.facts[name].derived}
        pinned = {name: value for name, value in found.items() if catalogue.facts[name].derived}
        return {name: value for name, value in given.items() if value is not None}, pinned

    def _refuse_pins(self, form: Form, said: Mapping[str, FactValue | None]) -> None:
        for name in said if self.stepped else ():
            if self.around.workspace.catalogue.facts[name].derived:
                key = form.node.find_key(name)
                form.refuse(PinnedInSteps(key.place if key else form.place, name))

    def _require(self, found: Mapping[str, FactValue | None]) -> None:
        facts = self.around.workspace.catalogue.facts.values()
        needed = [fact.name for fact in facts if not fact.optional and not fact.derived]
        missing = sorted(name for name in needed if found.get(name) is None and not self._says(name))
        if missing:
            self.own.refuse(FactsMissing(self.own.place, listed(missing, 40)))

    def _says(self, name: str) -> bool:
        """Whether a fact is written somewhere, if only wrongly."""
        below = (form.node.find("facts") for form in self.layers)
        return any(isinstance(node, Mapping_) and node.find(name) is not None for node in below)

    def expect(self) -> tuple[Expected, ...]:
        """What must come out; a row's cells overrule what its table says."""
        found: dict[str, Expected] = {}
        for form in _said_everywhere(self.layers, "expect"):
            found |= {one.key: one for one in read_expect(form, self.around)}
        return tuple(found.values())

    def arms(self, contact: str | None) -> Arms:
        """The arms that the test pins."""
        found: dict[str, str] = {}
        for form in _said_everywhere(self.layers, "arms"):
            first = form.node.entries[0][0] if form.node.entries else None
            if contact is None and first is not None:
                form.refuse(NoArmWithoutContact(first.place, shortened(first.text)))
            else:
                found |= _read_arms(form, self.around)
        return cast("Arms", found)


def _read_arms(form: Form, around: Surroundings) -> dict[str, str]:
    drawn = {f"{ROLLOUT}/{rule.id}": ("in", "out") for rule in around.rule_set.rules if rule.rollout}
    drawn |= {one.id: ("held_out", "treated") for one in around.workspace.policy.holdouts}
    found: dict[str, str] = {}
    for name, _ in form.node.entries:
        if name.text in drawn:
            word = form.choice(name.text, drawn[name.text])
            found |= {name.text: word} if word else {}
        else:
            _refuse_name(form, name, "arm", drawn)
    return found


def _refuse_name(form: Form, name: Scalar, kind: str, among: Collection[str]) -> None:
    guess = did_you_mean(name.text, among)
    form.refuse(NotInWorkspace(name.place, kind, shortened(name.text), guess, listed(among, 40) or "none"))


# -- the world before the first response --------------------------------------------------------


def read_world(layers: Layers, around: Surroundings) -> World:
    """Read `counted`, `left` and `open_loop`."""
    counted: dict[str, int] = {}
    left: dict[str, Money] = {}
    policy = around.workspace.policy
    for form in _said_everywhere(layers, "counted"):
        for name in _known_names(form, "cap", [cap.id for cap in policy.caps]):
            number = form.whole(name)
            counted |= {} if number is None else {name: number}
    for form in _said_everywhere(layers, "left"):
        for name in _known_names(form, "budget", [budget.id for budget in policy.budgets]):
            amount = _money(form, name)
            left |= {} if amount is None else {name: amount}
    return World(counted, left, _open_loop(layers, around))


def _known_names(form: Form, kind: str, among: Collection[str]) -> list[str]:
    for name, _ in form.node.entries:
        if name.text not in among:
            _refuse_name(form, name, kind, among)
    return [name.text for name, _ in form.node.entries if name.text in among]


def _money(form: Form, key: str) -> Money | None:
    value = form.scalar(key, "an amount")
    if value is None:
        return None
    try:
        return Money.parse(value.text)
    except ValueError:
        form.refuse(BadValue(value.place, key, shortened(value.text), "write an amount such as 15.00 EUR"))
        return None


def _open_loop(layers: Layers, around: Surroundings) -> str | None:
    form = _said_in(layers, "open_loop")
    value = form.node.find("open_loop") if form else None
    if form is None or not isinstance(value, Scalar) or value.value is None:
        return None
    play = form.text("open_loop")
    if play is not None and play not in around.plays:
        _refuse_name(form, value, "play", sorted(around.plays))
    return play
