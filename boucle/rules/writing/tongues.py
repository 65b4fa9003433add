"""The words in which a programme is told, in each language that the product speaks.

French says `vaut` where English says `is`, so that no adjective has to agree with a name that an author
chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

TongueCode = Literal["en", "fr"]


@dataclass(frozen=True)
class Tongue:
    """One language: its fixed texts by name, and how it quotes and joins."""

    code: TongueCode
    texts: Mapping[str, str]
    quotes: tuple[str, str]
    conjunction: str
    disjunction: str
    neither: str

    def say(self, text: str, /, **values: object) -> str:
        """A text with its gaps filled."""
        return self.texts[text].format(**values)

    def quote(self, text: object) -> str:
        """A name or value that an author wrote."""
        return f"{self.quotes[0]}{text}{self.quotes[1]}"

    def all_of(self, parts: Sequence[str]) -> str:
        """`a, b and c`."""
        return _join(parts, self.conjunction)

    def any_of(self, parts: Sequence[str]) -> str:
        """`a, b or c`."""
        return _join(parts, self.disjunction)

    def none_of(self, parts: Sequence[str]) -> str:
        """`a, b nor c`."""
        return _join(parts, self.neither)


def _join(parts: Sequence[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


ENGLISH = Tongue(
    "en",
    {
        # -- what a fact is called
        "nps": "the NPS score",
        "csat": "the satisfaction score for {of}",
        "ces": "the ease score for {of}",
        "metric": "the score {of}",
        "customer": "the customer's {of}",
        "contact": "the contact's {of}",
        "response": "the response's {of}",
        "comment": "the comment's {of}",
        "consent": "the consent to {of}",
        "other": "{of}",
        "comment.text": "the comment",
        "comment.length": "the number of characters in the comment",
        "response.age_days": "the age of the response in days",
        "customer.tenure_days": "the number of days since the customer was first seen",
        "count": "the number of {over} of this {per}{where}{within}",
        "last": "the latest {of} among the {over} of this {per}{where}{within}",
        "days_since": "the number of days since the last of the {over} of this {per}{where}{within}",
        "change": "the change of {of} since the {per}'s answer before",
        "responses": "earlier answers",
        "loops": "follow-ups",
        "play_loops": "follow-ups {play}",
        "offers": "offers",
        "per_customer": "customer",
        "per_contact": "contact",
        "where": " in which {condition}",
        "within": " within {span}",
        # -- what is said of it
        "==": "{fact} is {value}",
        "not ==": "{fact} is not {value}",
        "<": "{fact} is below {value}",
        "<=": "{fact} is at most {value}",
        ">": "{fact} is above {value}",
        ">=": "{fact} is at least {value}",
        "within_range": "{fact} is between {low} and {high}",
        "not within_range": "{fact} is not between {low} and {high}",
        "one_of": "{fact} is {values}",
        "not one_of": "{fact} is neither {values}",
        "has": "{values} is among {fact}",
        "not has": "{values} is not among {fact}",
        "contains": "{fact} mentions {values}",
        "not contains": "{fact} does not mention {values}",
        "known": "{fact} is known",
        "not known": "{fact} is not known",
        "is_true": "{fact} holds",
        "not is_true": "{fact} does not hold",
        "consent.follow_up": "the contact agreed to be contacted about the answer",
        "not consent.follow_up": "the contact did not agree to be contacted about the answer",
        "consent.marketing": "the contact agreed to receive offers",
        "not consent.marketing": "the contact did not agree to receive offers",
        "customer.open_loop": "a follow-up of this customer is open",
        "not customer.open_loop": "no follow-up of this customer is open",
        "response.known_customer": "the customer is known",
        "not response.known_customer": "the customer is not known",
        "detractor": "the contact is a detractor (NPS 0 to 6)",
        "not detractor": "the contact is no detractor (NPS 0 to 6)",
        "passive": "the contact is a passive (NPS 7 or 8)",
        "not passive": "the contact is no passive (NPS 7 or 8)",
        "promoter": "the contact is a promoter (NPS 9 or 10)",
        "not promoter": "the contact is no promoter (NPS 9 or 10)",
        "defined": "{name} holds",
        "not defined": "{name} does not hold",
        # -- the page
        "programme": "Programme {name}",
        "concerns": "It concerns the responses for which {condition}.",
        "concerns_all": "It concerns every response.",
        "owner": "Whom to ask: {owner}.",
        "rules": "What happens, in this order",
        "rules_lead": "The first line that holds decides; at most one thing is started for a response. "
        "Where something that a line asks about is not known, that line does not hold.",
        "when": "When {condition}: {play}",
        "from": "Only from {day} on.",
        "until": "Only up to and including {day}.",
        "rollout": "For {percent} of the contacts; for the others nothing is started.",
        "observe": "Only observed: it is written down when this would hold, and nothing is started.",
        "exempt": "Not held back by {gates}: {reason}",
        "spends": "It takes {amount} from the budget {budget}; {otherwise}",
        "exhausted_none": "where that is used up, nothing is started.",
        "exhausted_play": "where that is used up instead: {play}",
        "separate": "It starts also where a follow-up with this person is open.",
        "join_customer": "Where any follow-up with this customer is open, the response joins it.",
        "rule_owner": "Whom to ask: {owner}.",
        "undecided": "When it cannot be told",
        "undecided_when": "Where no line holds, but something is not known and leaves a line open, and "
        "{condition}: {play}",
        "undecided_always": "Where no line holds, but something is not known and leaves a line open: {play}",
        "undecided_record": "Where no line holds, but something is not known and leaves a line open, "
        "nothing is started; the response is marked as undecided.",
        "reasons": "When nothing is started, the reason that is written down",
        "reason": "{text}: when {condition}.",
        "words": "Words used above",
        "definition": "it means that {condition}.",
        "if_unknown": "What is not known counts as no.",
        "guarantees": "What is guaranteed",
        "guarantee_starts": "Whenever {condition}, this is started or joined: {plays}.",
        "guarantee_nothing": "Whenever {condition}, nothing is started.",
        "guarantee_never": "Whenever {condition}, this is never started: {plays}.",
        "guarantee_taken": "Whenever {condition}, some line above decides.",
        "policy": "What holds for all programmes",
        "max_age": "A response older than {span} is written down, and nothing is started for it.",
        "no_max_age": "A response of any age can start something.",
        "joining": "A response of somebody with an open follow-up joins it; no second conversation is "
        "started.",
        "suppress": "{name}: {plays} {held}{when}{window}.",
        "held_drop": "is held back",
        "held_defer": "waits until the end",
        "suppress_when": " while {condition}",
        "suppress_window": " from {begins} to {ends}",
        "cap": "{name}: at most {most} of {plays} in {span} for one {per}.",
        "budget": "{name}: at most {amount} {per}.",
        "holdout": "{name}: {plays} is held back from {percent} of the contacts, to measure what it does.",
        "every_play": "everything",
        "calendar_day": "a day",
        "calendar_week": "a week",
        "calendar_month": "a month",
        "calendar_quarter": "a quarter",
        "calendar_year": "a year",
        "gate_suppress": "pauses",
        "gate_caps": "limits of contacts",
        "gate_holdouts": "comparison groups",
    },
    ("“", "”"),
    "and",
    "or",
    "nor",
)

FRENCH = Tongue(
    "fr",
    {
        "nps": "la note NPS",
        "csat": "la note de satisfaction pour {of}",
        "ces": "la note de facilité pour {of}",
        "metric": "la note {of}",
        "customer": "{of} du client",
        "contact": "{of} de l'interlocuteur",
        "response": "{of} de la réponse",
        "comment": "{of} du commentaire",
        "consent": "l'accord pour {of}",
        "other": "{of}",
        "part segment": "le segment",
        "part tags": "les étiquettes",
        "part language": "la langue",
        "part role": "le rôle",
        "part arr": "le revenu annuel (ARR)",
        "part touchpoint": "le point de contact",
        "part channel": "le canal",
        "part origin": "l'origine",
        "part topics": "les thèmes",
        "comment.text": "le commentaire",
        "comment.length": "le nombre de caractères du commentaire",
        "response.age_days": "l'âge de la réponse en jours",
        "customer.tenure_days": "l'ancienneté du client en jours",
        "count": "le nombre de {over} {per}{where}{within}",
        "last": "la dernière valeur connue de {of} parmi les {over} {per}{where}{within}",
        "days_since": "le nombre de jours depuis la dernière des {over} {per}{where}{within}",
        "change": "l'évolution de {of} depuis la réponse précédente {per}",
        "responses": "réponses précédentes",
        "loops": "boucles",
        "play_loops": "boucles {play}",
        "offers": "offres",
        "per_customer": "de ce client",
        "per_contact": "de cet interlocuteur",
        "where": " où {condition}",
        "within": " en {span}",
        "==": "{fact} vaut {value}",
        "not ==": "{fact} ne vaut pas {value}",
        "<": "{fact} vaut moins de {value}",
        "<=": "{fact} vaut au plus {value}",
        ">": "{fact} vaut plus de {value}",
        ">=": "{fact} vaut au moins {value}",
        "within_range": "{fact} vaut de {low} à {high}",
        "not within_range": "{fact} vaut moins de {low} ou plus de {high}",
        "one_of": "{fact} vaut {values}",
        "not one_of": "{fact} ne vaut ni {values}",
        "has": "{values} figure dans {fact}",
        "not has": "{values} ne figure pas dans {fact}",
        "contains": "{fact} mentionne {values}",
        "not contains": "{fact} ne mentionne pas {values}",
        "known": "on connaît {fact}",
        "not known": "on ne connaît pas {fact}",
        "is_true": "{fact} est vrai",
        "not is_true": "{fact} n'est pas vrai",
        "consent.follow_up": "l'interlocuteur accepte d'être contacté au sujet de sa réponse",
        "not consent.follow_up": "l'interlocuteur n'accepte pas d'être contacté au sujet de sa réponse",
        "consent.marketing": "l'interlocuteur accepte de recevoir des offres",
        "not consent.marketing": "l'interlocuteur n'accepte pas de recevoir des offres",
        "customer.open_loop": "une boucle est ouverte avec ce client",
        "not customer.open_loop": "aucune boucle n'est ouverte avec ce client",
        "response.known_customer": "le client est connu",
        "not response.known_customer": "le client n'est pas connu",
        "detractor": "l'interlocuteur est détracteur (NPS de 0 à 6)",
        "not detractor": "l'interlocuteur n'est pas détracteur (NPS de 0 à 6)",
        "passive": "l'interlocuteur est passif (NPS de 7 ou 8)",
        "not passive": "l'interlocuteur n'est pas passif (NPS de 7 ou 8)",
        "promoter": "l'interlocuteur est promoteur (NPS de 9 ou 10)",
        "not promoter": "l'interlocuteur n'est pas promoteur (NPS de 9 ou 10)",
        "defined": "{name} est vrai",
        "not defined": "{name} n'est pas vrai",
        "programme": "Programme {name}",
        "concerns": "Il concerne les réponses pour lesquelles {condition}.",
        "concerns_all": "Il concerne toutes les réponses.",
        "owner": "À qui s'adresser : {owner}.",
        "rules": "Ce qui se passe, dans cet ordre",
        "rules_lead": "La première ligne qui s'applique décide ; une réponse ne déclenche jamais plus d'une "
        "chose. Quand une ligne porte sur une information que l'on ne connaît pas, elle ne s'applique pas.",
        "when": "Quand {condition} : {play}",
        "from": "À partir du {day} seulement.",
        "until": "Jusqu'au {day} inclus seulement.",
        "rollout": "Pour {percent} des interlocuteurs ; pour les autres, rien n'est lancé.",
        "observe": "En observation : on note quand cela s'appliquerait, rien n'est lancé.",
        "exempt": "N'est pas retenu par {gates} : {reason}",
        "spends": "Cela prend {amount} sur le budget {budget} ; {otherwise}",
        "exhausted_none": "quand il est épuisé, rien n'est lancé.",
        "exhausted_play": "quand il est épuisé, à la place : {play}",
        "separate": "Cela démarre même si une boucle est ouverte avec cette personne.",
        "join_customer": "Si une boucle est ouverte avec ce client, la réponse la rejoint.",
        "rule_owner": "À qui s'adresser : {owner}.",
        "undecided": "Quand on ne peut pas trancher",
        "undecided_when": "Si aucune ligne ne s'applique, qu'une information manque pour en écarter une, et "
        "que {condition} : {play}",
        "undecided_always": "Si aucune ligne ne s'applique et qu'une information manque pour en écarter "
        "une : {play}",
        "undecided_record": "Si aucune ligne ne s'applique et qu'une information manque pour en écarter une, "
        "rien n'est lancé ; la réponse est notée comme indécise.",
        "reasons": "Quand rien n'est lancé, la raison qui est notée",
        "reason": "{text} : quand {condition}.",
        "words": "Mots employés plus haut",
        "definition": "cela veut dire que {condition}.",
        "if_unknown": "Ce que l'on ne connaît pas compte pour non.",
        "guarantees": "Ce qui est garanti",
        "guarantee_starts": "Chaque fois que {condition}, ceci est lancé ou rejoint : {plays}.",
        "guarantee_nothing": "Chaque fois que {condition}, rien n'est lancé.",
        "guarantee_never": "Chaque fois que {condition}, ceci n'est jamais lancé : {plays}.",
        "guarantee_taken": "Chaque fois que {condition}, une des lignes ci-dessus décide.",
        "policy": "Ce qui vaut pour tous les programmes",
        "max_age": "Une réponse plus vieille que {span} est enregistrée, et rien n'est lancé pour elle.",
        "no_max_age": "Une réponse de tout âge peut lancer quelque chose.",
        "joining": "La réponse de quelqu'un avec qui une boucle est ouverte la rejoint ; aucune deuxième "
        "conversation n'est lancée.",
        "suppress": "{name} : {plays} {held}{when}{window}.",
        "held_drop": "est retenu",
        "held_defer": "attend la fin",
        "suppress_when": " tant que {condition}",
        "suppress_window": " du {begins} au {ends}",
        "cap": "{name} : au plus {most} de {plays} en {span} {per}.",
        "budget": "{name} : au plus {amount} {per}.",
        "holdout": "{name} : {plays} n'est pas envoyé à {percent} des interlocuteurs, pour en mesurer "
        "l'effet.",
        "every_play": "tout",
        "calendar_day": "par jour",
        "calendar_week": "par semaine",
        "calendar_month": "par mois",
        "calendar_quarter": "par trimestre",
        "calendar_year": "par an",
        "gate_suppress": "les pauses",
        "gate_caps": "les limites de sollicitation",
        "gate_holdouts": "les groupes témoins",
    },
    ("« ", " »"),
    "et",
    "ou",
    "ni",
)

TONGUES: Mapping[TongueCode, Tongue] = {"en": ENGLISH, "fr": FRENCH}
"""Every language by its code."""


_SPANS: Mapping[TongueCode, Mapping[str, tuple[str, str]]] = {
    "en": {"days": ("day", "days"), "hours": ("hour", "hours"), "minutes": ("minute", "minutes")},
    "fr": {"days": ("jour", "jours"), "hours": ("heure", "heures"), "minutes": ("minute", "minutes")},
}


def say_span(tongue: Tongue, amount: int, unit: Literal["days", "hours", "minutes"]) -> str:
    """A length of time with its unit."""
    one, many = _SPANS[tongue.code][unit]
    return f"{amount} {one if amount == 1 else many}"
