"""What each play does, told to people who never see its parameters: English and French."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from pydantic import JsonValue

from boucle.model import Duration, Money
from boucle.workflows import play_params
from boucle.workflows.acknowledge_params import AcknowledgeParams
from boucle.workflows.apologize_with_offer_params import ApologizeWithOfferParams
from boucle.workflows.ask_follow_up_params import AskFollowUpParams
from boucle.workflows.csm_case_params import CsmCaseParams
from boucle.workflows.escalate_params import EscalateParams
from boucle.workflows.invite_promoter_params import InvitePromoterParams
from boucle.workflows.offer_params import Offer
from boucle.workflows.sequence_params import SequenceParams
from boucle.workflows.sequence_words import Words, tell_sequence

Language = Literal["en", "fr"]

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "apology": "the contact gets an apology (message “{template}”){offer}. {after} later they are "
        "asked whether things are better (message “{follow_up}”), and have {within} to answer.",
        "with": " with {offer}", "worth": " of {value}",
        "offer": "{what}{worth}, valid for {valid_for}{approved}",
        "approved": ", once somebody has approved it", "voucher": "a voucher", "credit": "a credit",
        "call_back": "a call", "custom": "an offer",
        "no_offer": ", without an offer",
        "case": "the team “{team}” gets a case (severity {severity}).{by}",
        "escalate": "the lead of the team “{team}” gets a case at once (severity {severity}).{by}",
        "by": " Somebody reaches the contact within {first}, and the case is closed within {close}.",
        "acknowledge": " The contact is told at once that somebody will call (message “{template}”).",
        "verified": " {after} after that, the contact is asked whether things are better (message "
        "“{template}”).",
        "low_case": " If they are not, the team “{team}” gets a case.",
        "invitation": "the contact is invited to {what} (message “{template}”){reminder}; what comes of it "
        "is waited for during {within}.",
        "refer": "recommend us to somebody", "testify": "say something of us in public",
        "both": "recommend us to somebody, or to say something of us in public",
        "question": "the contact is asked a question (message “{template}”){reminder}, and has {within} to "
        "answer.",
        "reminder": ", and once more {after} later",
        "answer_problem": " An answer that names a problem becomes a case of the team “{team}”.",
        "answer_case": " Any answer becomes a case of the team “{team}”.",
        "thanks": "the contact is thanked (message “{template}”), nothing more.",
        "other": "the play “{play}” is started{params}.",
        "low": "low", "medium": "medium", "high": "high", "critical": "critical",
        "minutes": "minutes", "hours": "hours", "days": "days", "weeks": "weeks",
        "business hours": "working hours", "business days": "working days", "decimal": ".",
    },
    "fr": {
        "apology": "l'interlocuteur reçoit des excuses (message « {template} »){offer}. {after} plus tard, "
        "on lui demande si cela va mieux (message « {follow_up} »), et on attend sa réponse pendant "
        "{within}.",
        "with": " avec {offer}", "worth": " de {value}",
        "offer": "{what}{worth}, valable {valid_for}{approved}",
        "approved": ", une fois que quelqu'un a donné son accord", "voucher": "un bon", "credit": "un avoir",
        "call_back": "un appel", "custom": "une offre",
        "no_offer": ", sans offre",
        "case": "l'équipe « {team} » reçoit un dossier (gravité {severity}).{by}",
        "escalate": "le responsable de l'équipe « {team} » reçoit aussitôt un dossier (gravité {severity})."
        "{by}",
        "by": " Quelqu'un joint l'interlocuteur sous {first}, et le dossier est clos sous {close}.",
        "acknowledge": " L'interlocuteur est aussitôt prévenu que quelqu'un appellera (message "
        "« {template} »).",
        "verified": " {after} après, on demande à l'interlocuteur si cela va mieux (message « {template} »).",
        "low_case": " Sinon, l'équipe « {team} » reçoit un dossier.",
        "invitation": "l'interlocuteur est invité à {what} (message « {template} »){reminder} ; on en attend "
        "la suite pendant {within}.",
        "refer": "nous recommander", "testify": "témoigner en public",
        "both": "nous recommander, ou à témoigner en public",
        "question": "on pose une question à l'interlocuteur (message « {template} »){reminder}, et on attend "
        "sa réponse pendant {within}.",
        "reminder": ", avec un seul rappel {after} plus tard",
        "answer_problem": " Une réponse qui nomme un problème devient un dossier de l'équipe « {team} ».",
        "answer_case": " Toute réponse devient un dossier de l'équipe « {team} ».",
        "thanks": "on remercie l'interlocuteur (message « {template} »), rien de plus.",
        "other": "le scénario « {play} » démarre{params}.",
        "low": "faible", "medium": "moyenne", "high": "haute", "critical": "critique",
        "minutes": "minutes", "hours": "heures", "days": "jours", "weeks": "semaines",
        "business hours": "heures ouvrées", "business days": "jours ouvrés", "decimal": ",",
    },
}  # fmt: skip


_NAMES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "apologize_with_offer": "an apology",
        "csm_case": "a case",
        "escalate": "a case with the team's lead",
        "invite_promoter": "an invitation",
        "ask_follow_up": "a question",
        "acknowledge": "thanks",
        "sequence": "a sequence of steps",
    },
    "fr": {
        "apologize_with_offer": "des excuses",
        "csm_case": "un dossier",
        "escalate": "un dossier chez le responsable de l'équipe",
        "invite_promoter": "une invitation",
        "ask_follow_up": "une question",
        "acknowledge": "des remerciements",
        "sequence": "une suite d'étapes",
    },
}


def namer(language: Language) -> Callable[[str], str | None]:
    """A function that names a play of ours in one language."""
    return _NAMES[language].get


def teller(language: Language) -> Callable[[str, Mapping[str, JsonValue]], str]:
    """A function that tells a play with its parameters in one language."""
    return lambda play, params: tell_play(play, params, language)


def tell_play(play: str, params: Mapping[str, JsonValue], language: Language) -> str:
    """What the play does with these parameters; one that is not ours is told by its parameters' names."""
    texts = _TEXTS[language]
    read = play_params()[play].model_validate(dict(params)) if play in play_params() else None
    match read:
        case ApologizeWithOfferParams():
            return _apology(read, texts)
        case CsmCaseParams():
            told = _case("case", read, texts)
            return told + (texts["acknowledge"].format(template=read.acknowledge) if read.acknowledge else "")
        case EscalateParams():
            return _case("escalate", read, texts)
        case InvitePromoterParams() | AskFollowUpParams() | AcknowledgeParams():
            return _quiet(read, texts)
        case SequenceParams():
            words = Words(partial(_span, texts=texts), partial(_offer, texts=texts))
            return tell_sequence(read, language, words)
        case _:
            return _other(play, params, texts)


def _apology(params: ApologizeWithOfferParams, texts: Mapping[str, str]) -> str:
    offer = texts["no_offer"]
    if isinstance(params.offer, Offer):
        offer = texts["with"].format(offer=_offer(params.offer, texts))
    told = texts["apology"].format(
        template=params.template,
        offer=offer,
        after=_span(params.follow_up_after, texts),
        follow_up=params.follow_up_template,
        within=_span(params.answer_within, texts),
    )
    return told + (texts["low_case"].format(team=params.case.team) if params.case else "")


def _quiet(
    params: InvitePromoterParams | AskFollowUpParams | AcknowledgeParams, texts: Mapping[str, str]
) -> str:
    """Plays that are not about winning somebody back."""
    if isinstance(params, AcknowledgeParams):
        return texts["thanks"].format(template=params.template)
    after = params.remind_after
    reminder = texts["reminder"].format(after=_span(after, texts)) if after else ""
    spoken = {"template": params.template, "reminder": reminder, "within": _span(params.within, texts)}
    if isinstance(params, InvitePromoterParams):
        return texts["invitation"].format(what=texts[params.kind], **spoken)
    case = texts[f"answer_{params.if_answer}"].format(team=params.case.team) if params.case else ""
    return texts["question"].format(**spoken) + case


def _offer(offer: Offer, texts: Mapping[str, str]) -> str:
    value = str(offer.value).replace(".", texts["decimal"]) if offer.value else ""
    return texts["offer"].format(
        what=texts[offer.kind],
        worth=texts["worth"].format(value=value) if value else "",
        valid_for=_span(offer.valid_for, texts),
        approved=texts["approved"] if offer.needs_approval else "",
    )


def _case(kind: str, params: CsmCaseParams | EscalateParams, texts: Mapping[str, str]) -> str:
    first, close = _span(params.first_contact_within, texts), _span(params.close_within, texts)
    by = texts["by"].format(first=first, close=close)
    asked = params.follow_up
    if asked is not None:
        by += texts["verified"].format(after=_span(asked.after, texts), template=asked.template)
    return texts[kind].format(team=params.team, severity=texts[params.severity], by=by)


def tell_part(value: object, language: Language) -> str:
    """One parameter's value as people read it."""
    texts = _TEXTS[language]
    match value:
        case Duration():
            return _span(value, texts)
        case Money():
            return str(value).replace(".", texts["decimal"])
        case tuple() | list() | frozenset():
            return ", ".join(tell_part(part, language) for part in value)
        case _:
            return str(value)


def _other(play: str, params: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    listed = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in params.items())
    return texts["other"].format(play=play, params=f" ({listed})" if listed else "")


def _span(length: Duration, texts: Mapping[str, str]) -> str:
    unit = texts[f"business {length.unit}" if length.business else length.unit]
    return f"{length.amount} {_singular(unit) if length.amount == 1 else unit}"


def _singular(unit: str) -> str:
    """`working days` → `working day`, `jours ouvrés` → `jour ouvré`."""
    return " ".join(word.removesuffix("s") for word in unit.split())
