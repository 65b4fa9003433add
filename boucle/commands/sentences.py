"""Ledger events as sentences, for the timeline of a loop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boucle.commands.output import local, span

if TYPE_CHECKING:
    from boucle.engine.timeline import Entry

_SENTENCES: Mapping[str, str] = {
    "loop.opened": "opened by rule {rule_set}/{rule}: {play}",
    "loop.advanced": "{stage}",
    "loop.closed": "closed: {closure}",
    "loop.reopened": "reopened: round {round}",
    "loop.asked": "the customer is asked ({step}), until {expires_at}",
    "loop.answered": "the customer answered: {score}",
    "loop.commented": "the customer answered in words",
    "loop.declined": "the customer does not want to answer",
    "loop.invited": "the customer is invited to refer us",
    "loop.referred": "referral: {outcome}",
    "loop.testified": "testimonial, to be published: {publish}",
    "case.concluded": "the case is concluded: {closure}; the customer is asked",
    "act.refused": "{kind} was refused: {reason}",
    "loop.noted": "note",
    "loop.replied": "the customer has written back",
    "loop.mailed": "a mail came in ({kind})",
    "loop.merged": "loop {loop} is merged into this one",
    "loop.moved": "the record of the {kind} was merged into {into}",
    "loop.interrupted": "the workflow was ended from outside ({how})",
    "loop.revised": "a response came again with other content",
    "loop.joined": "another response joined, by rule {rule_set}/{rule}: {scores}",
    "customer.tagged": "the customer is tagged {tag}, by rule {rule_set}/{rule}",
    "loop.heard": "another response came meanwhile and did not join ({outcome}): {scores}",
    "loop.released": "the start was refused for good ({problem}); what it had reserved is free again",
    "case.opened": "case opened for team {team}, severity {severity}",
    "case.raised": "severity raised from {from} to {severity}",
    "case.assigned": "assigned to {owner}{why}",
    "case.queued": "waits in the queue of team {team}{why}",
    "task.opened": "{owner} is asked for something, due {due}",
    "task.done": "done what was asked for",
    "case.claimed": "claimed",
    "case.attempted": "attempt by {channel}: {result}",
    "case.escalated": "escalated to {lead}",
    "case.snoozed": "put aside until {until}",
    "case.woken": "back in the inbox",
    "case.waiting": "waits for the customer, until {until} at most",
    "case.resumed": "taken up again",
    "case.promised": "promise {commitment}, due {due}",
    "clock.restarted": "begins anew: {clock}, due {due}",
    "clock.met": "in time: {clock}",
    "clock.missed": "missed: {clock}",
    "offer.granted": "offer granted: {offer}, valid until {valid_until}",
    "offer.proposed": "offer proposed: {offer}; {approver} is asked, by {due}",
    "offer.approved": "offer approved: {offer}",
    "offer.declined": "offer declined: {offer}",
    "offer.lapsed": "nobody decided on the offer in time: {offer}",
    "offer.redeemed": "the customer used the offer",
    "offer.cancelled": "offer taken back",
    "effect.intended": "{step}: about to be done",
    "effect.done": "{step}: done",
    "effect.released": "{step}: did not go out",
    "effect.unconfirmed": "{step}: nobody knows whether it went out",
    "effect.refused": "{step}: refused for good ({code})",
    "effect.settled": "{step}: settled by hand",
}

_WHYS: Mapping[str, str] = {
    "previous_owner": "who had it before",
    "account_owner": "who owns the account",
    "least_loaded": "who has least to do",
    "stand_in": "who stands in for {instead_of}",
    "lead": "who leads the team",
    "owner_silent": "after the owner gave no sign",
    "no_skill": "nobody there has the skill",
    "no_language": "nobody there speaks the language",
    "no_capacity": "nobody there has room for another case",
    "all_absent": "nobody is there",
}
"""Why a case was given to somebody, or to nobody yet; by hand is no reason of ours."""

_BREAK_AFTER = 86_400


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


_NEEDLESS = frozenset({"moot", "not_needed"})
"""The codes of notices that had lost their point before they were told."""


def sentence(entry: Entry) -> str:
    """What happened, in one line; an event without a sentence of its own shows its details."""
    details = {key: _plain(value) for key, value in entry.details.items()}
    told = _SENTENCES.get(entry.type)
    if entry.type == "effect.refused" and details.get("code") in _NEEDLESS:
        told = "{step}: not needed any more, so nobody was told"
    if told is not None:
        step = details.get("effect", "").split("/", 2)[-1]
        why = _WHYS.get(details.get("reason", ""))
        why = f": {why.format_map(_Known(details))}" if why and "{why}" in told else ""
        return told.format_map(_Known(details, step=step, why=why))
    listed = ", ".join(f"{key} {value}" for key, value in details.items() if key != "round")
    return f"{entry.type}: {listed}" if listed else entry.type


def tell(entries: list[Entry]) -> list[str]:
    """The timeline as lines: when, number, who, what; gaps of a day or more drawn as breaks."""
    lines: list[str] = []
    before: datetime | None = None
    for entry in entries:
        gap = (entry.happened_at - before).total_seconds() if before else 0
        if gap >= _BREAK_AFTER:
            lines.append(f"  ┆ {span(gap)}")
        lines += _entry_lines(entry)
        before = max(before, entry.happened_at) if before else entry.happened_at
    return lines


def _entry_lines(entry: Entry) -> list[str]:
    late = (entry.recorded_at - entry.happened_at).total_seconds()
    written = f"  (written down {span(late)} later)" if late >= 60 else ""  # noqa: PLR2004 a minute
    who = "" if entry.actor == "boucle" else f"{entry.actor}: "
    head = f"  {local(entry.happened_at)}  #{entry.number:<3} {who}{sentence(entry)}{written}"
    quoted = [f"      “{' '.join(text.split())}”" for text in entry.texts.values()]
    due = entry.details.get("clocks")
    clocks = due.items() if isinstance(due, Mapping) else ()
    return [head, *(f"      {name} due {_plain(instant)}" for name, instant in clocks), *quoted]


def _plain(value: object) -> str:
    """Instants of a payload are text in UTC; people read local time."""
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return local(datetime.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_plain(part)}" for key, part in value.items())
    return str(value)
