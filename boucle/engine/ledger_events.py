"""Every type of ledger event: what it means, and which of its fields are personal.

Personal fields are committed in the event and kept in `personal`; everything else of an event is
public within the company and never erased. `*` stands for a number or a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class EventType:
    """What an event says happened; `personal` are patterns of the fields that can be erased."""

    meaning: str
    personal: tuple[str, ...] = ()


EVENT_TYPES: Mapping[str, EventType] = {
    "response.decided": EventType(
        "A response was accepted and decided; names the decision, its outcome, the gates that spoke against "
        "it, and the digest of its record.",
        ("source_id", "verbatim.*", "question.*", "fact.*"),
    ),
    "response.revised": EventType(
        "A response came again with other content; the first decision was kept.",
        ("source_id", "verbatim.*", "question.*", "fact.*"),
    ),
    "response.quarantined": EventType(
        "A response did not fit the catalogue and waits for a mend; no rule has seen it.",
    ),
    "bundle.activated": EventType("A bundle of rules was put in force; names the one before it, and why."),
    "customer.stated": EventType(
        "A part of a file of customers said something new of these customers and contacts; names whose file.",
        ("said.*",),
    ),
    "customer.merged": EventType(
        "Two records of one customer or contact became one; names both, and all that named the first.",
        ("text", "before"),
    ),
    "loop.opened": EventType("A decision started a loop; names the intake event that it came from."),
    "loop.advanced": EventType("The play entered a stage; names the clocks that it started."),
    "loop.closed": EventType("The loop ended; says how, by whom, and which clocks stopped.", ("text",)),
    "loop.reopened": EventType("The next round of a closed loop began; its text says why.", ("text",)),
    "loop.replied": EventType("The customer has written back; names the message that it answers.", ("text",)),
    "loop.mailed": EventType(
        "A mail came in that no person wrote: an automatic reply, or what became of a message; says which."
    ),
    "loop.merged": EventType(
        "Another loop about the same was closed in favour of this one; names it, and clocks that it brought."
    ),
    "loop.interrupted": EventType(
        "The workflow of an open loop was ended from outside; says how, and why where that was said.",
        ("text",),
    ),
    "contact.withdrawn": EventType("A contact's consent to be contacted was withdrawn by hand.", ("text",)),
    "contact.erased": EventType(
        "All that is personal of a contact was erased; says how much it was, and names their loops."
    ),
    "clock.restarted": EventType(
        "A response joined the loop, by a rule that lets this clock begin anew; names when it is due."
    ),
    "clock.met": EventType("What a clock counted down to happened in time."),
    "clock.missed": EventType("A clock ran out first."),
    "case.opened": EventType("A case began for a team, with its severity."),
    "case.assigned": EventType("A case was given to somebody; says why to them.", ("text",)),
    "case.queued": EventType("A case waits in its team's queue; says why nobody was given it."),
    "case.claimed": EventType("Somebody took a case."),
    "case.attempted": EventType("Somebody tried to reach the customer, and what came of it.", ("text",)),
    "case.escalated": EventType("A missed clock told the team's lead."),
    "case.snoozed": EventType("Somebody put a case aside; says until when.", ("text",)),
    "case.woken": EventType(
        "A case that was put aside is back in the inbox: its time was over, or the customer wrote."
    ),
    "case.waiting": EventType(
        "The team waits for the customer; names its clocks, which stand still, and until when at most.",
        ("text",),
    ),
    "case.resumed": EventType(
        "The case is worked on; names the clocks that stood still, with their new due times.", ("text",)
    ),
    "case.promised": EventType("Somebody promised the customer something; says by when.", ("text",)),
    "case.concluded": EventType(
        "A person was done with a case; the loop ends once the customer was asked. Names what was claimed.",
        ("text",),
    ),
    "case.raised": EventType("A response that joined the loop made its case more severe."),
    "loop.revised": EventType("A response that began or joined this loop came again with other content."),
    "loop.joined": EventType(
        "A response joined this loop instead of starting one of its own; names the rule and the intake event."
    ),
    "customer.tagged": EventType("A rule gave the customer a tag; names the rule, and the decision."),
    "loop.heard": EventType(
        "A response came while this loop was open and did not join it; says what was decided on it."
    ),
    "loop.released": EventType(
        "The start was refused for good; what it had reserved of caps and budgets is free again."
    ),
    "loop.moved": EventType(
        "The customer or contact of this loop was merged into another record of theirs; names both."
    ),
    "loop.noted": EventType("Somebody wrote something down for colleagues.", ("text",)),
    "loop.asked": EventType("A message asked the customer a question; says until when it can be answered."),
    "loop.answered": EventType("The customer answered a question; names the score.", ("text",)),
    "loop.commented": EventType("The customer answered a question in words alone.", ("text",)),
    "loop.declined": EventType("The customer did not want to answer a question.", ("text",)),
    "loop.invited": EventType("The customer was invited to refer somebody; names the code's digest."),
    "loop.referred": EventType("Somebody came by a referral, or became a customer by it.", ("text",)),
    "loop.testified": EventType(
        "The customer said something of us, and whether it may be published; or took that back.", ("text",)
    ),
    "task.opened": EventType("Somebody has something to do for a case; names them, and by when.", ("text",)),
    "task.done": EventType("They have done it.", ("text",)),
    "person.absent": EventType("One of our own people is away; from when, until when, and who stands in."),
    "person.back": EventType("They are back."),
    "act.refused": EventType("An act was not allowed where the loop stood; names the reason.", ("text",)),
    "effect.intended": EventType("A message, offer or notification was about to go out."),
    "effect.done": EventType("The other side took it."),
    "effect.unconfirmed": EventType("Nobody knows whether it went out; a person has to settle it."),
    "effect.released": EventType("It definitely did not go out and may be tried again."),
    "effect.refused": EventType("The other side refused it for good."),
    "effect.settled": EventType("A person said whether it had gone out."),
    "offer.granted": EventType("The customer was granted an offer; names its value and its code's digest."),
    "offer.proposed": EventType(
        "An offer waits for somebody to approve it; names who was asked, and by when."
    ),
    "offer.approved": EventType("Somebody approved it.", ("text",)),
    "offer.declined": EventType("Somebody declined it; a budget has its money back.", ("text",)),
    "offer.lapsed": EventType("Nobody decided in time, and the play goes on without it."),
    "offer.redeemed": EventType("The customer used the offer; names when.", ("text",)),
    "offer.cancelled": EventType("Somebody took the offer back.", ("text",)),
}


class UnknownEventError(ValueError):
    """An event of a type, or with a personal field, that `EVENT_TYPES` does not list."""

    def __init__(self, type_: str, field: str | None = None) -> None:
        what = f"field '{field}' of event '{type_}'" if field else f"event '{type_}'"
        super().__init__(f"{what} is not listed in boucle/engine/ledger_events.py")


def require(type_: str, personal: Mapping[str, str]) -> None:
    """Refuse an event that is not listed: UnknownEventError."""
    known = EVENT_TYPES.get(type_)
    if known is None:
        raise UnknownEventError(type_)
    for field in personal:
        if not any(fnmatchcase(field, pattern) for pattern in known.personal):
            raise UnknownEventError(type_, field)
