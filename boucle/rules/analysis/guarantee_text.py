"""A proof in plain sentences: what is claimed, who carries it, what is assumed, what lies outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from boucle.model import FactValue
from boucle.rules.analysis.guarantees import Proof
from boucle.rules.analysis.witnesses import write_case
from boucle.rules.phrases import NOT_KNOWN, word_value
from boucle.rules.ruleset import Guarantee
from boucle.rules.writing.condition_text import write_condition

OUTSIDE = (
    "whether a message arrives, and what people do with a case;",
    "whether the facts that come in are true;",
    "responses that do not fit the catalogue: they wait in quarantine, and no rule sees them.",
)
"""What no proof speaks of."""


def state_claim(guarantee: Guarantee) -> str:
    """What is guaranteed, as one sentence."""
    return f"Whenever {write_condition(guarantee.whenever)}: {_promise(guarantee)}"


def _promise(guarantee: Guarantee) -> str:
    if guarantee.taken:
        return "a rule takes the response; a gate may still hold it back."
    if guarantee.never_starts is not None:
        return f"{_none_of(sorted(guarantee.never_starts))}, whatever the gates say."
    if guarantee.starts:
        return f"{' or '.join(sorted(guarantee.starts))} starts, and no gate holds it back."
    return "nothing starts, whatever the gates say."


def _none_of(plays: Sequence[str]) -> str:
    return f"{plays[0]} never starts" if len(plays) == 1 else f"neither {' nor '.join(plays)} starts"


def render_proofs(proofs: Sequence[Proof]) -> str:
    """All proofs, and once for all of them what lies outside."""
    blocks = ["\n".join(_lines(proof)) for proof in proofs]
    if any(proof.verdict == "PROVED" for proof in proofs):
        blocks.append("\n".join(["Outside of every proof:", *(f"  - {line}" for line in OUTSIDE)]))
    return "\n\n".join(blocks)


def _lines(proof: Proof) -> Iterator[str]:
    yield f"{proof.verdict}  {proof.guarantee.id}  {proof.guarantee.place}"
    yield f"  {state_claim(proof.guarantee)}"
    if proof.why is not None:
        yield f"  {proof.why}"
    if proof.witness is not None and proof.matters:
        yield f"  It hangs on: {word_facts({name: proof.witness.facts[name] for name in proof.matters})}."
    if proof.verdict == "PROVED":
        yield from _proved(proof)
    for assumption in proof.assumptions:
        yield f"  Assumed: {assumption}"
    if proof.verdict == "PROVED":
        yield f"  {_validity(proof)}"
    if proof.witness is not None:
        yield "  This test shows it as the rules are now; it can be put into a file of tests/:"
        yield write_case(f"{proof.guarantee.id} does not hold", proof.witness)


def _proved(proof: Proof) -> Iterator[str]:
    rules = ", ".join(proof.carried_by)
    yield f"  Carried by: {rules}." if rules else "  No rule takes such a response."
    if proof.example:
        yield f"  It can occur: {word_facts(proof.example)}."


def word_facts(facts: Mapping[str, FactValue | None]) -> str:
    """Facts in one line; None is unknown."""
    words = ((name, NOT_KNOWN if value is None else word_value(value)) for name, value in facts.items())
    return "; ".join(f"{name} {word}" for name, word in words)


def _validity(proof: Proof) -> str:
    if proof.last_day is None:
        return f"Proved for {proof.day} and every later day, for as long as the files are as they are."
    return f"Proved for {proof.day}; it holds until {proof.last_day}: then {proof.ends_with}."
