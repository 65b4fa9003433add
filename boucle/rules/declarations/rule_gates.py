"""What a rule says to the gates: its mode, rollout and exemptions, and how it meets an open loop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, cast, get_args

from boucle.errors import Mistake
from boucle.rules.declarations.gate_mistakes import NotExemptable
from boucle.rules.declarations.shares import WHOLE, read_percent
from boucle.rules.ruleset import Exemption, GateKind, IfOpen, Restart
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, Repeated
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Scalar, Sequence_
from boucle.rules.worded import did_you_mean, listed, shortened

EXEMPTION_KEYS = ("gates", "reason")
MODES = frozenset(("observe", "act"))
IF_OPEN: frozenset[str] = frozenset(get_args(IfOpen))
RESTARTS: tuple[str, ...] = get_args(Restart)
GATES: tuple[str, ...] = get_args(GateKind)

_NEVER_EXEMPT: Mapping[str, str] = {
    "max_age": "an old answer starts nothing; where age does not matter, policy.yaml says 'max_age: none'",
    "budgets": "money that is spent is gone; leave 'spends' out, or say 'if_exhausted'",
    "rollout": "it is the rule's own; leave 'rollout' out",
}  # fmt: skip

Mode = Literal["act", "observe"]


def read_mode(form: Form | None) -> Mode:
    """`observe` or `act`; `act` where nothing is said."""
    found = form.choice("mode", MODES) if form else None
    return cast("Mode", found or "act")


def read_rollout(form: Form | None) -> int | None:
    """The share of contacts for whom the rule is switched on; None for all, also written 100%."""
    share = read_percent(form, "rollout") if form else None
    return None if share == WHOLE else share


def read_if_open(form: Form | None) -> IfOpen:
    """What happens where a loop is open already; `join` where nothing is said."""
    found = form.choice("if_open", IF_OPEN) if form else None
    return cast("IfOpen", found or "join")


def read_restarts(form: Form | None) -> tuple[Restart, ...]:
    """The clocks of an open loop that begin anew when the response joins it, each once."""
    named = form.texts("restarts", f"a list of clocks, of {listed(RESTARTS)}") if form else ()
    found: list[str] = []
    for clock in named:
        if clock.text not in RESTARTS:
            expected = f"it takes {listed(RESTARTS)}{did_you_mean(clock.text, RESTARTS)}"
            clock_mistake: Mistake = BadValue(clock.place, "restarts", shortened(clock.text), expected)
        elif clock.text in found:
            clock_mistake = Repeated(clock.place, "clock", clock.text, "another place of this list")
        else:
            found.append(clock.text)
            continue
        if form:
            form.mistakes.append(clock_mistake)
    return cast("tuple[Restart, ...]", tuple(sorted(found)))


def read_exemption(form: Form | None) -> Exemption | None:
    """The gates that do not hold the rule back, with the reason that each exemption owes."""
    entry = form.form("exempt_from", "'exempt_from'") if form else None
    if entry is None:
        return None
    entry.check_keys(EXEMPTION_KEYS)
    entry.require(*EXEMPTION_KEYS)
    gates = _gates(entry) if entry.has("gates") else frozenset()
    reason = entry.text("reason") if entry.has("reason") else None
    if reason == "":
        entry.refuse(MissingKey(entry.place_of("reason"), entry.what, "reason"))
    return Exemption(gates, reason) if gates and reason else None


def _gates(entry: Form) -> frozenset[GateKind]:
    named = entry.texts("gates", f"a list of gates, of {listed(GATES)}")
    value = entry.node.find("gates")
    if isinstance(value, Sequence_) and not value.items:
        entry.refuse(BadValue(value.place, "gates", "[]", f"name at least one of {listed(GATES)}"))
    found: list[str] = []
    for gate in named:
        mistake = _check_gate(gate, found)
        found.extend([] if mistake else [gate.text])
        entry.mistakes.extend([mistake] if mistake else [])
    return cast("frozenset[GateKind]", frozenset(found))


def _check_gate(gate: Scalar, before: Collection[str]) -> Mistake | None:
    if gate.text in _NEVER_EXEMPT:
        return NotExemptable(gate.place, gate.text, _NEVER_EXEMPT[gate.text])
    if gate.text not in GATES:
        expected = f"it takes {listed(GATES)}{did_you_mean(gate.text, GATES)}"
        return BadValue(gate.place, "gates", shortened(gate.text), expected)
    if gate.text in before:
        return Repeated(gate.place, "gate", gate.text, "another place of this list")
    return None
