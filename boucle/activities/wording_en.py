"""How colleagues are told, in English: see `wording`."""

from __future__ import annotations

from collections.abc import Mapping

DETAILS = "Loop: {loop}\nCustomer: {customer}\nScore: {score}\nSeverity: {severity}\n"
UNKNOWN = "not known"

NAMES: Mapping[str, str] = {
    "first_contact": "first contact",
    "close": "closing",
    "follow_up": "follow-up",
    "answer": "answer",
    "commitment": "promise",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
    "approved": "approved",
    "refused": "declined",
    "recovered": "recovered",
    "not_recovered": "not recovered",
    "no_comment": "There is no comment.",
    "comment_hidden": "There is a comment, which your team does not read.",
    "yes": "yes",
    "no": "no",
}

NOTICES: Mapping[str, tuple[str, str]] = {
    "assigned": ("A case for you: {loop}", "A case is yours. Next due: {clock}, {due}."),
    "reassigned": ("No longer your case: {loop}", "This case is {owner}'s now. You need do nothing more."),
    "queued": ("A case waits: {loop}", "A case waits for somebody to claim it. Next due: {clock}, {due}."),
    "stand-in": (
        "A case for you, in place of {absent}: {loop}",
        "{absent} is away, so this case is yours. Next due: {clock}, {due}.",
    ),
    "reminder": ("Due soon: {clock}, {loop}", "A clock of this case runs out: {clock}, {due}."),
    "missed": (
        "Missed: {clock}, {loop}",
        "A clock of this case has run out: {clock}, {due}. The team's lead may claim the case.",
    ),
    "late": ("Still missed: {clock}, {loop}", "A clock of this case ran out a while ago: {clock}, {due}."),
    "standing": (
        "Still open: {loop}",
        "This case was opened on {opened} and is not closed. Next due: {clock}, {due}.",
    ),
    "next-try": (
        "Try again now: {loop}",
        "You have planned to try the customer again now. Next due: {clock}, {due}.",
    ),
    "silent": (
        "Your case waits for you: {loop}",
        "Nobody has seen you work this case since {since}. Next due: {clock}, {due}.",
    ),
    "silence": (
        "A silent owner: {loop}",
        (
            "{owner} has not worked this case since {since}. As the team's lead you may claim it. "
            "Next due: {clock}, {due}."
        ),
    ),
    "raised": (
        "More severe: {severity}, {loop}",
        "This case is more severe than it was: {before} has become {severity}. Next due: {clock}, {due}.",
    ),
    "joined": (
        "The customer has answered again: {loop}",
        "Another response has joined this loop. Its score: {joined}.",
    ),
    "revised": (
        "The customer has changed an answer: {loop}",
        "A response of this loop was changed by the customer: {before} has become {after}.",
    ),
    "reply": (
        "The customer has written back: {loop}",
        "The customer has replied to a message of this loop. No more messages go out by themselves.",
    ),
    "answered": (
        "{before} → {after}: {loop}",
        "The customer has answered the follow-up question: {before} before, {after} now.",
    ),
    "referred": ("News of a referral: {loop}", "Somebody whom this customer has referred: {outcome}."),
    "testimonial": (
        "A testimonial: {loop}",
        "The customer has given a testimonial. May it be published: {published}.",
    ),
    "approval-wanted": (
        "Your approval is asked for: {loop}",
        "{by} wants to grant an offer of {value}. It waits for you to approve or decline it.",
    ),
    "approval-decided": ("Your offer was {outcome}: {loop}", "Your offer of {value} was {outcome} by {by}."),
    "approval-late": (
        "Nobody has decided: {loop}",
        "An offer of {value} was not decided on in time. It is not granted.",
    ),
    "redeemed": ("An offer was used: {loop}", "The customer has used the offer of {value}."),
    "task": (
        "{by} asks you for something: {loop}",
        "{by} asks you for something for this customer, by {until}. The loop says what.",
    ),
    "task-due": ("Due soon: {loop}", "Something that {by} has asked you for is due on {until}."),
    "task-late": ("Not done yet: {loop}", "Something that was asked for was due on {until}."),
    "task-done": ("Done: {loop}", "{by} has done what you asked for. The loop says what came of it."),
    "snooze-over": (
        "Back on your list: {loop}",
        "A case that was put aside is back. Next due: {clock}, {due}.",
    ),
    "wait-over": (
        "The customer has not come back: {loop}",
        "The case waited for the customer, and that time is over. Its clocks run again: {clock}, {due}.",
    ),
    "promise-due": ("A promise is due soon: {loop}", "What the customer was promised is due on {until}."),
    "promise-missed": (
        "A promise was missed: {loop}",
        "What the customer was promised was due on {until}, and nobody has said that it was kept.",
    ),
    "merged": (
        "Goes on elsewhere: {loop}",
        "This loop was about the same as {into}, and goes on there. You need do nothing more here.",
    ),
    "withdrawn": (
        "Do not contact this customer: {loop}",
        "The customer does not want to hear from us. The loop is closed.",
    ),
    "reopened": ("Open again: {loop}", "{by} has opened this loop again. Next due: {clock}, {due}."),
    "unreachable": (
        "A message cannot be delivered: {loop}",
        "A message to the customer was refused for good. Another channel is needed.",
    ),
    "unconfirmed": (
        "Was it sent? {loop}",
        "Nobody knows whether a message went out, so it is not sent again. Please settle it: {effect}.",
    ),
    "notify": (
        "For your information: {loop}",
        "A customer has said something that concerns you (rule “{rule}”).\n\n{comment}",
    ),
    "step": ("For your information: {loop}", "{text}"),
    "call-back": (
        "A call was promised: {loop}",
        "The customer was offered a call, and waits for it. Next due: {clock}, {due}.",
    ),
    "note": ("Please look: {loop}", "Something has happened in this loop that somebody should see."),
}
