"""What a sequence does, told step by step: English and French."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from boucle.model import Duration
from boucle.workflows.offer_params import Offer
from boucle.workflows.sequence_params import SequenceParams
from boucle.workflows.sequence_paths import list_ways
from boucle.workflows.sequence_steps import (
    AskStep,
    CaseStep,
    CloseStep,
    Low,
    MessageStep,
    Notice,
    NotifyStep,
    OfferStep,
    Step,
    WaitStep,
)

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sequence": "one step after the other. {steps}", "then": "; ",
        "message": "The contact gets the message “{template}”",
        "ask": "The contact is asked a question (message “{template}”){reminder}, and has {within} to answer",
        "reminder": ", and once more {after} later",
        "wait": "A wait of {span}",
        "team": "The team “{who}” is told", "person": "“{who}” is told",
        "text": ": “{text}”", "template": " (message “{template}”)",
        "offer": "The contact is granted {offer}",
        "case": "The team “{who}” gets a case, and a person closes it",
        "lead": "The lead of the team “{who}” gets a case, and a person closes it",
        "close": "The end: {how}",
        "low": "an answer of {low} or lower", "no_better": "an answer that is no better",
        "detractor": "a detractor's answer", "passive": "a passive's or a detractor's answer",
        "go_to": "then step {number}", "on_answer": "any other answer: step {number}",
        "on_low": "{low}: step {number}", "on_silence": "no answer: step {number}",
        "on_decline": "who does not want to answer: step {number}",
        "on_unreachable": "who cannot be written to: step {number}",
        "on_refusal": "where it is not granted: step {number}",
        "by_answer": "as the answer says", "completed": "completed", "not_recovered": "not recovered",
        "no_answer": "no answer", "declined": "declined",
    },
    "fr": {
        "sequence": "une étape après l'autre. {steps}", "then": " ; ",
        "message": "L'interlocuteur reçoit le message « {template} »",
        "ask": "On pose une question à l'interlocuteur (message « {template} »){reminder}, et on attend sa "
        "réponse pendant {within}",
        "reminder": ", avec un seul rappel {after} plus tard",
        "wait": "Une attente de {span}",
        "team": "L'équipe « {who} » est prévenue", "person": "« {who} » est prévenu",
        "text": " : « {text} »", "template": " (message « {template} »)",
        "offer": "On accorde à l'interlocuteur {offer}",
        "case": "L'équipe « {who} » reçoit un dossier, qu'une personne clôt",
        "lead": "Le responsable de l'équipe « {who} » reçoit un dossier, qu'une personne clôt",
        "close": "La fin : {how}",
        "low": "une réponse de {low} ou moins", "no_better": "une réponse qui n'est pas meilleure",
        "detractor": "une réponse de détracteur", "passive": "une réponse de passif ou de détracteur",
        "go_to": "puis l'étape {number}", "on_answer": "toute autre réponse : l'étape {number}",
        "on_low": "{low} : l'étape {number}", "on_silence": "sans réponse : l'étape {number}",
        "on_decline": "s'il ne veut pas répondre : l'étape {number}",
        "on_unreachable": "si l'on ne peut pas lui écrire : l'étape {number}",
        "on_refusal": "si elle n'est pas accordée : l'étape {number}",
        "by_answer": "comme le dit la réponse", "completed": "terminé", "not_recovered": "non rattrapé",
        "no_answer": "sans réponse", "declined": "refusé",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How parts that other plays have too are told."""

    span: Callable[[Duration], str]
    offer: Callable[[Offer], str]


def tell_sequence(params: SequenceParams, language: str, words: Words) -> str:
    """Every step with its number, and where it goes on."""
    texts = _TEXTS[language]
    numbers = {step.id: number for number, step in enumerate(params.steps, 1)}
    told = (
        texts["then"].join([_tell(step, texts, words), *_tell_ways(step, numbers, texts)])
        for step in params.steps
    )
    steps = " ".join(f"{number}. {text}." for number, text in enumerate(told, 1))
    return texts["sequence"].format(steps=steps)


def _tell(step: Step, texts: Mapping[str, str], words: Words) -> str:
    match step:
        case MessageStep():
            told = texts["message"].format(template=step.message)
        case AskStep():
            told = _tell_question(step, texts, words)
        case WaitStep():
            told = texts["wait"].format(span=words.span(step.wait))
        case NotifyStep():
            told = _tell_notice(step.notify, texts)
        case OfferStep():
            told = texts["offer"].format(offer=words.offer(step.offer))
        case CaseStep():
            told = texts["lead" if step.case.to_lead else "case"].format(who=step.case.team)
        case CloseStep():
            told = texts["close"].format(how=texts[step.close])
    return told


def _tell_question(step: AskStep, texts: Mapping[str, str], words: Words) -> str:
    again = texts["reminder"].format(after=words.span(step.remind_after)) if step.remind_after else ""
    return texts["ask"].format(template=step.ask, reminder=again, within=words.span(step.within))


def _tell_notice(notice: Notice, texts: Mapping[str, str]) -> str:
    who = texts["team" if notice.team else "person"].format(who=notice.team or notice.person)
    said = texts["text" if notice.text else "template"]
    return who + said.format(text=(notice.text or "").rstrip("."), template=notice.template)


def _tell_ways(step: Step, numbers: Mapping[str, int], texts: Mapping[str, str]) -> Iterator[str]:
    low = _tell_low(step.low, texts) if isinstance(step, AskStep) and step.low is not None else ""
    for key, target in list_ways(step):
        yield texts[key].format(number=numbers[target], low=low)


def _tell_low(low: Low, texts: Mapping[str, str]) -> str:
    return texts["low"].format(low=low) if isinstance(low, int) else texts[low]
