"""What happened in a loop, in sentences for somebody who was not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boucle.engine.timeline import Entry

SENTENCES: Mapping[str, str] = {
    "loop.reopened": "{who} opened the loop again, for round {round}.",
    "loop.answered": "The customer answered the follow-up question: {score}.",
    "loop.asked": "The customer was asked; an answer counts until {expires_at}.",
    "loop.commented": "The customer answered:",
    "loop.declined": "The customer did not want to answer.",
    "loop.invited": "The customer got a code with which to recommend us.",
    "loop.referred": "The customer's recommendation went on: {outcome}.",
    "loop.testified": "The customer said something of us; to be published: {publish}.",
    "case.concluded": "{who} was done with the case ({closure}); the customer has the last word.",
    "loop.closed": "The loop was closed by {who}: {closure}.",
    "loop.noted": "{who} wrote:",
    "loop.joined": "Another response came in and joined this loop ({scores}).",
    "customer.tagged": "The customer was tagged {tag}.",
    "loop.heard": "Another response came in meanwhile ({scores}).",
    "loop.revised": "The response came again with other content.",
    "loop.replied": "The customer wrote back.",
    "loop.merged": "It was about the same as another loop.",
    "loop.withdrawn": "The customer may not be contacted any more.",
    "act.refused": "{who} tried what was not possible ({kind}: {reason}).",
    "case.opened": "The team {team} got a case, of {severity} severity.",
    "case.assigned": "The case was given to {owner}.",
    "case.claimed": "{who} took the case.",
    "case.raised": "The case became more severe: from {from} to {severity}.",
    "case.escalated": "{lead} was brought in, who leads the team.",
    "case.snoozed": "{who} put the case aside until {until}.",
    "case.woken": "The case came back into the inbox.",
    "case.waiting": "{who} waited for the customer, until {until} at most.",
    "case.resumed": "The case was taken up again.",
    "case.promised": "{who} promised the customer, by {due}:",
    "clock.met": "In time: {clock}.",
    "clock.missed": "Too late: {clock}.",
    "offer.granted": "The customer was granted an offer ({offer}), valid until {valid_until}.",
    "offer.proposed": "{who} proposed an offer ({offer}), to be approved by {due}.",
    "offer.approved": "{who} approved the offer ({offer}).",
    "offer.declined": "{who} declined the offer ({offer}).",
    "offer.lapsed": "Nobody decided on the offer in time ({offer}), so it was not made.",
    "offer.redeemed": "The customer used the offer.",
    "offer.cancelled": "{who} took the offer back.",
}
"""By the event's type; the names in braces are keys of its public payload, `who` the actor's name."""

ATTEMPTS: Mapping[str, str] = {
    "reached": "{who} reached the customer by {channel}.",
    "refused": "{who} reached the customer by {channel}, who did not want to talk.",
    "no_reply": "{who} tried by {channel}; nobody replied.",
    "left_message": "{who} tried by {channel} and left a message.",
    "wrong_contact": "{who} tried by {channel}; it was the wrong person.",
}
"""By the result of the attempt."""

CLOCKS: Mapping[str, str] = {
    "first_contact": "the first contact with the customer",
    "close": "the closing",
    "follow_up": "the follow-up question",
    "answer": "the customer's answer",
    "approval": "the approval of an offer",
    "commitment": "what the customer had been promised",
}

CLOSURES: Mapping[str, str] = {
    "recovered": "the customer was won back",
    "not_recovered": "the customer was not won back",
    "no_answer": "no answer came",
    "unreachable": "nobody could be reached",
    "declined": "the customer did not want to be followed up",
    "false_alarm": "nothing had been wrong",
    "withdrawn": "the customer may not be contacted any more",
    "completed": "all was done that was to be done",
}

MESSAGES: Mapping[str, str] = {
    "effect.done": "A message went out to the customer: {step}.",
    "effect.unconfirmed": "Nobody could tell whether a message had gone out to the customer: {step}.",
    "effect.refused": "A message to the customer could not be delivered: {step}.",
    "effect.settled": "{who} found out whether a message had gone out to the customer: {step}.",
}
"""Of a message to the customer, by the event's type."""

_MESSAGE = "customer"


@dataclass(frozen=True)
class Teller:
    """Tells events; `names` are our own people's by id, `teams` those of the teams."""

    names: Mapping[str, str]
    teams: Mapping[str, str]

    def tell(self, entry: Entry) -> str | None:
        """The event in a sentence; None where it is of interest to few."""
        details = {key: self._word(key, value) for key, value in entry.details.items()}
        details["who"] = self.name(entry.actor)
        pattern = self._find(entry)
        if pattern is None:
            return None
        told = pattern.format_map(_Spoken(details)) + _cause(details)
        return told[0].upper() + told[1:]

    def name(self, actor: str) -> str:
        """Who somebody is, as a sentence says it."""
        known = {"customer": "the customer"}
        return self.names.get(actor) or known.get(actor, actor)

    def _find(self, entry: Entry) -> str | None:
        if entry.type == "loop.advanced":
            return "To be done: {clocks}." if entry.details.get("clocks") else None
        if entry.type == "case.attempted":
            return ATTEMPTS.get(str(entry.details.get("result")))
        if entry.type.startswith("effect."):
            return MESSAGES.get(entry.type) if entry.details.get("kind") == _MESSAGE else None
        return SENTENCES.get(entry.type)

    def _word(self, key: str, value: Any) -> str:
        if key in {"owner", "lead", "colleague"}:
            return self.name(str(value))
        if key in {"clocks", "scores"}:
            return _listed(key, value)
        known = {"clock": CLOCKS, "closure": CLOSURES, "team": self.teams}.get(key, {})
        return known.get(str(value).partition(".")[0]) or _plain(value)


def _listed(key: str, value: Mapping[str, Any]) -> str:
    """Clocks with their due times, or scores with their values."""
    if key == "clocks":
        return "; ".join(f"{CLOCKS.get(name, name)} by {_plain(due)}" for name, due in value.items())
    return ", ".join(f"{name} {score}" for name, score in value.items()) or "no score"


class _Spoken(dict[str, str]):
    """A key that an older event lacks is told as not known; `step` is the last part of an effect's key."""

    def __missing__(self, key: str) -> str:
        if key == "step":
            return self.get("effect", "").split("/", 2)[-1].replace("-", " ").replace("_", " ")
        return "not known"


def _cause(details: Mapping[str, str]) -> str:
    """What a closing says of the root cause."""
    if "root_cause" not in details or details["root_cause"] == "None":
        return ""
    detail = f" ({details['root_cause_detail']})" if "root_cause_detail" in details else ""
    reach = {"True": ", which others meet too", "False": ", an isolated one"}.get(
        details.get("systemic", ""), ""
    )
    return f" The cause: {details['root_cause']}{detail}{reach}."


def _plain(value: Any) -> str:
    text = str(value)
    if text.endswith("Z"):
        try:
            return f"{datetime.fromisoformat(text).astimezone():%A %-d %B, %H:%M}"
        except ValueError:
            return text
    return text.replace("_", " ")
