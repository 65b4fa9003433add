"""What each play does, told to people who never see its parameters: English and French."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import JsonValue

from boucle.model import Duration
from boucle.workflows import play_params
from boucle.workflows.apologize_with_offer_params import ApologizeWithOfferParams
from boucle.workflows.csm_case_params import CsmCaseParams
from boucle.workflows.escalate_params import EscalateParams
from boucle.workflows.offer_params import Offer

Language = Literal["en", "fr"]

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "apology": "the contact gets an apology (message “{template}”){offer}. {after} later they are "
        "asked whether things are better (message “{follow_up}”), and have {within} to answer.",
        "offer": " with a voucher of {value}, valid for {valid_for}",
        "no_offer": ", without an offer",
        "case": "the team “{team}” gets a case (severity {severity}).{by}",
        "escalate": "the lead of the team “{team}” gets a case at once (severity {severity}).{by}",
        "by": " Somebody reaches the contact within {first}, and the case is closed within {close}.",
        "acknowledge": " The contact is told at once that somebody will call (message “{template}”).",
        "other": "the play “{play}” is started{params}.",
        "low": "low", "medium": "medium", "high": "high", "critical": "critical",
        "minutes": "minutes", "hours": "hours", "days": "days", "weeks": "weeks",
        "business hours": "working hours", "business days": "working days", "decimal": ".",
    },
    "fr": {
        "apology": "l'interlocuteur reçoit des excuses (message « {template} »){offer}. {after} plus tard, "
        "on lui demande si cela va mieux (message « {follow_up} »), et on attend sa réponse pendant "
        "{within}.",
        "offer": " avec un bon de {value}, valable {valid_for}",
        "no_offer": ", sans offre",
        "case": "l'équipe « {team} » reçoit un dossier (gravité {severity}).{by}",
        "escalate": "le responsable de l'équipe « {team} » reçoit aussitôt un dossier (gravité {severity})."
        "{by}",
        "by": " Quelqu'un joint l'interlocuteur sous {first}, et le dossier est clos sous {close}.",
        "acknowledge": " L'interlocuteur est aussitôt prévenu que quelqu'un appellera (message "
        "« {template} »).",
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
    },
    "fr": {
        "apologize_with_offer": "des excuses",
        "csm_case": "un dossier",
        "escalate": "un dossier chez le responsable de l'équipe",
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
        case _:
            return _other(play, params, texts)


def _apology(params: ApologizeWithOfferParams, texts: Mapping[str, str]) -> str:
    offer = texts["no_offer"]
    if isinstance(params.offer, Offer):
        valid_for = _span(params.offer.valid_for, texts)
        value = str(params.offer.value).replace(".", texts["decimal"])
        offer = texts["offer"].format(value=value, valid_for=valid_for)
    return texts["apology"].format(
        template=params.template,
        offer=offer,
        after=_span(params.follow_up_after, texts),
        follow_up=params.follow_up_template,
        within=_span(params.answer_within, texts),
    )


def _case(kind: str, params: CsmCaseParams | EscalateParams, texts: Mapping[str, str]) -> str:
    first, close = _span(params.first_contact_within, texts), _span(params.close_within, texts)
    by = texts["by"].format(first=first, close=close)
    return texts[kind].format(team=params.team, severity=texts[params.severity], by=by)


def _other(play: str, params: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    listed = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in params.items())
    return texts["other"].format(play=play, params=f" ({listed})" if listed else "")


def _span(length: Duration, texts: Mapping[str, str]) -> str:
    unit = texts[f"business {length.unit}" if length.business else length.unit]
    return f"{length.amount} {_singular(unit) if length.amount == 1 else unit}"


def _singular(unit: str) -> str:
    """`working days` → `working day`, `jours ouvrés` → `jour ouvré`."""
    return " ".join(word.removesuffix("s") for word in unit.split())
