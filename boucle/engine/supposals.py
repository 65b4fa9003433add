"""What other rules would have made of a stored response: its recorded facts, read by another bundle."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from boucle.decision import Decision
from boucle.engine import bundles, ledger, privacy
from boucle.engine.responses import Decided, Told, subject_of
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import fit
from boucle.rules.decide import Facts, decide, mode_of
from boucle.rules.encoding import decode

_FACT = "fact."


@dataclass(frozen=True)
class Supposal:
    """The decision that another bundle would have made, at the same instant, told the same of the gates.

    `left_out` are recorded facts that its catalogue does not have, or would not take; `unlooked`
    derived facts of its catalogue that the record does not hold: they count as unknown.
    """

    decision: Decision
    left_out: tuple[str, ...]
    unlooked: tuple[str, ...]


def suppose(session: Session, told: Told, bundle: Bundle) -> Supposal:
    """Decide a stored response by another bundle, in the mode in which it came; nothing is written.

    A CannotDecideError where it would have gone to quarantine.
    """
    first = told.decided[0]
    own = bundles.load(session, first.decision.bundle)
    recorded = {**decode(own.catalogue, first.decision.facts), **_personal(session, told, first)}
    facts = bundle.catalogue.facts
    derived = {name: recorded[name] for name in first.decision.derived if name in recorded and name in facts}
    given = {name: value for name, value in recorded.items() if name not in first.decision.derived}
    fitting, misfits, unlisted = fit(bundle.catalogue, given)
    known = Facts({**fitting, **derived}, first.decision.responded_at, frozenset(derived))
    decision = decide(bundle, known, first.decision.at, mode_of(first.decision), first.decision.circumstances)
    unlooked = (name for name, fact in facts.items() if fact.derived and name not in derived)
    left_out = {one.fact for one in misfits} | {one.fact for one in unlisted}
    return Supposal(decision, tuple(sorted(left_out)), tuple(sorted(unlooked)))


def _personal(session: Session, told: Told, decided: Decided) -> dict[str, FactValue]:
    """The personal facts that are still kept; none after an erasure."""
    revision = decided.revision
    held = privacy.read(session, subject_of(told.response), ledger.scope(revision.chain, revision.seq))
    return {field.removeprefix(_FACT): value for field, value in held.items() if field.startswith(_FACT)}
