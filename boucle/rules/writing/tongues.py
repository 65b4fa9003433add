"""The words in which a programme is told, in each language that the product speaks.

French says `vaut` where English says `is`, so that no adjective has to agree with a name that an author
chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from boucle.model import Money

TongueCode = Literal["en", "fr"]

_VOWELS = frozenset("aeiouéèêâîôû")


@dataclass(frozen=True)
class Tongue:
    """One language: its fixed texts by name, and how it quotes and joins."""

    code: TongueCode
    texts: Mapping[str, str]
    quotes: tuple[str, str]
    conjunction: str
    disjunction: str
    neither: str
    alternative: str

    def say(self, text: str, /, **values: object) -> str:
        """A text with its gaps filled."""
        template = self.texts[text]
        if self.code == "fr":
            template = _elide(template, values)
        return template.format(**values)

    def amount(self, money: Money) -> str:
        """An amount of money, with the language's decimal sign."""
        return str(money).replace(".", ",") if self.code == "fr" else str(money)

    def percent(self, basis_points: int) -> str:
        """A share; 250 is 2.5 percent."""
        share = f"{basis_points / 100:g}"
        return f"{share.replace('.', ',')} %" if self.code == "fr" else f"{share}%"

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

    def either_of(self, clauses: Sequence[str]) -> str:
        """`this is so, or that is so`: whole clauses, which may hold an `or` of their own."""
        return f"{self.alternative} ".join(clauses)


def _join(parts: Sequence[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def _elide(template: str, values: Mapping[str, object]) -> str:
    """French `que on` is `que l'on`, and `que aucune` is `qu'aucune`; what an author wrote stays."""
    for name, value in values.items():
        said = str(value)
        if said.startswith("on "):
            template = template.replace(f"que {{{name}}}", f"que l'{{{name}}}")
        elif said[:1].lower() in _VOWELS:
            template = template.replace(f"que {{{name}}}", f"qu'{{{name}}}")
    return template


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
        # -- what was before
        "count": "the number of {past}",
        "last": "{of} according to {past}",
        "last closure": "the result of {past}",
        "last play": "the kind of {past}",
        "days_since": "the number of days since {past}",
        "change": "the difference between {of} and the same in {past}",
        "none": "there is no {past}",
        "exactly one": "there is exactly 1 {past}",
        "exactly": "there are exactly {number} {past}",
        "at least one": "there is at least 1 {past}",
        "at least": "there are at least {number} {past}",
        "at most one": "there is at most 1 {past}",
        "at most": "there are at most {number} {past}",
        "ago ==": "{past} was exactly {span} ago",
        "ago <": "{past} was less than {span} ago",
        "ago <=": "{past} was at most {span} ago",
        "ago >": "{past} was more than {span} ago",
        "ago >=": "{past} was at least {span} ago",
        "fallen": "{of} has fallen since {past}",
        "fallen by": "{of} has fallen by at least {number} since {past}",
        "risen": "{of} has risen since {past}",
        "risen by": "{of} has risen by at least {number} since {past}",
        "one responses": "earlier answer from {party}{within}{where}",
        "responses": "earlier answers from {party}{within}{where}",
        "latest responses": "the previous answer from {party}{within}{where}",
        "one loops": "follow-up with {party}{within}",
        "loops": "follow-ups with {party}{within}",
        "latest loops": "the last follow-up with {party}{within}",
        "latest closed loops": "the last closed follow-up with {party}{within}",
        "one play_loops": "follow-up with {party}{within} ({play})",
        "play_loops": "follow-ups with {party}{within} ({play})",
        "latest play_loops": "the last follow-up with {party}{within} ({play})",
        "latest closed play_loops": "the last closed follow-up with {party}{within} ({play})",
        "one offers": "offer to {party}{within}",
        "offers": "offers to {party}{within}",
        "latest offers": "the last offer to {party}{within}",
        "party customer": "this customer",
        "party contact": "this contact",
        "within": " in the last {span}",
        "where": " (only those in which {condition})",
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
        "known whether": "it is known whether {clause}",
        "not known whether": "it is not known whether {clause}",
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
        "defined": "{name} applies",
        "not defined": "{name} does not apply",
        "all_defined": "{names} apply",
        # -- the page
        "programme": "Programme {name}",
        "concerns": "It concerns the responses for which {condition}.",
        "concerns_all": "It concerns every response.",
        "owner": "Questions to: {owner}.",
        "rules": "What happens, in this order",
        "rules_lead": "The first line that holds decides; at most one thing is started for one response. "
        "A line that cannot be told, because something is not known, does not hold.",
        "when": "When {condition}: {play}",
        "from": "Only from {day} on.",
        "until": "Only up to and including {day}.",
        "rollout": "For {percent} of the contacts; for the others nothing is started.",
        "observe": "Only observed: it is written down when this would hold, and nothing is started.",
        "exempt": "Never held back by {gates}. Why: {reason}",
        "spends": "It takes {amount} from the budget {budget}. {otherwise}",
        "exhausted_none": "Once that is used up, nothing is started.",
        "exhausted_play": "Once that is used up, instead: {play}",
        "separate": "It starts even where a follow-up with this person is open.",
        "join_customer": "Where any follow-up with this customer is open, the response joins it.",
        "rule_owner": "Questions to: {owner}.",
        "undecided": "When it cannot be told",
        "undecided_when": "Where no line above holds, but at least one cannot be told, and "
        "{condition}: {play}",
        "undecided_always": "Where no line above holds, but at least one cannot be told: {play}",
        "undecided_record": "Where no line above holds, but at least one cannot be told, nothing is started; "
        "the response is marked as undecided.",
        "reasons": "When nothing is started, the reason that is written down",
        "reasons_lead": "The first one that applies.",
        "reason": "When {condition}.",
        "words": "Words used above",
        "definition": "This means that {condition}.",
        "if_unknown": "What is not known counts as no.",
        "guarantees": "What is guaranteed",
        "guarantee_starts": "Whenever {condition}, this is started: {plays}, or the response joins "
        "the follow-up that is already open.",
        "guarantee_nothing": "Whenever {condition}, nothing is started.",
        "guarantee_never": "Whenever {condition}, this is never started: {plays}.",
        "guarantee_taken": "Whenever {condition}, one of the lines above decides; what holds for all "
        "programmes may still hold it back.",
        "policy": "What holds for all programmes",
        "max_age": "A response older than {span} is written down, and nothing is started for it.",
        "no_max_age": "A response of any age can start something.",
        "joining": "Where a follow-up with the same person is open already, the response joins it: nobody "
        "has two conversations at once.",
        "restarts_first_contact": "Where it joins an open follow-up, the time to reach the person "
        "begins anew.",
        "restarts_close": "Where it joins an open follow-up, the time to close it begins anew.",
        "also_tag": "The customer is tagged “{name}”.",
        "also_notify": "The team “{name}” is told.",
        "quiet": "No message goes to a customer between {begins} and {ends}, in their own time where it is "
        "known; it waits for the morning.",
        "redecide": "A response that comes again with other content, and has begun nothing yet, is decided "
        "anew.",
        "suppress": "{name}: {plays} {held}{when}{window}.",
        "held_drop": "is not started",
        "held_defer": "waits until the end of the pause,",
        "suppress_when": " while {condition}, or while that is not known",
        "suppress_window": " from {begins} to {ends}",
        "cap": "{name}: {plays}, at most {most} times in {span} for one {per}.",
        "cap_once": "{name}: {plays}, at most once in {span} for one {per}.",
        "per_customer": "customer",
        "per_contact": "contact",
        "budget": "{name}: at most {amount} {per}.",
        "holdout": "{name}: {percent} of the contacts do not get {plays}, so that its effect can be "
        "measured.",
        "every_play": "everything",
        "calendar_day": "a day",
        "calendar_week": "a week",
        "calendar_month": "a month",
        "calendar_quarter": "a quarter",
        "calendar_year": "a year",
        "gate_suppress": "pauses",
        "gate_caps": "contact limits",
        "gate_holdouts": "comparison groups",
    },
    ("“", "”"),
    "and",
    "or",
    "nor",
    ", or",
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
        "part delivery": "la livraison",
        "part support": "l'assistance",
        "part onboarding": "la mise en route",
        "comment.text": "le commentaire",
        "comment.length": "le nombre de caractères du commentaire",
        "response.age_days": "l'âge de la réponse en jours",
        "customer.tenure_days": "le nombre de jours depuis la première réponse reçue de ce client",
        "count": "le nombre des {past}",
        "last": "{of}, selon {past},",
        "last closure": "le résultat de {past}",
        "last play": "le genre de {past}",
        "days_since": "le nombre de jours depuis {past}",
        "change": "l'écart entre {of} et la même valeur dans {past}",
        "none": "il n'y a aucune {past}",
        "exactly one": "il y a exactement 1 {past}",
        "exactly": "il y a exactement {number} {past}",
        "at least one": "il y a au moins 1 {past}",
        "at least": "il y a au moins {number} {past}",
        "at most one": "il y a au plus 1 {past}",
        "at most": "il y a au plus {number} {past}",
        "ago ==": "{past} date de {span} exactement",
        "ago <": "{past} date de moins de {span}",
        "ago <=": "{past} date de {span} au plus",
        "ago >": "{past} date de plus de {span}",
        "ago >=": "{past} date de {span} au moins",
        "fallen": "{of} a baissé depuis {past}",
        "fallen by": "{of} a baissé d'au moins {number} depuis {past}",
        "risen": "{of} a augmenté depuis {past}",
        "risen by": "{of} a augmenté d'au moins {number} depuis {past}",
        "one responses": "réponse antérieure de {party}{within}{where}",
        "responses": "réponses antérieures de {party}{within}{where}",
        "latest responses": "la réponse précédente de {party}{within}{where}",
        "one loops": "boucle avec {party}{within}",
        "loops": "boucles avec {party}{within}",
        "latest loops": "la dernière boucle avec {party}{within}",
        "latest closed loops": "la dernière boucle close avec {party}{within}",
        "one play_loops": "boucle avec {party}{within} ({play})",
        "play_loops": "boucles avec {party}{within} ({play})",
        "latest play_loops": "la dernière boucle avec {party}{within} ({play})",
        "latest closed play_loops": "la dernière boucle close avec {party}{within} ({play})",
        "one offers": "offre faite à {party}{within}",
        "offers": "offres faites à {party}{within}",
        "latest offers": "la dernière offre faite à {party}{within}",
        "party customer": "ce client",
        "party contact": "cet interlocuteur",
        "within": " en {span}",
        "where": " (seulement celles où {condition})",
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
        "known whether": "on sait si {clause}",
        "not known whether": "on ne sait pas si {clause}",
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
        "defined": "{name} s'applique",
        "not defined": "{name} ne s'applique pas",
        "all_defined": "{names} s'appliquent",
        "programme": "Programme {name}",
        "concerns": "Il concerne les réponses pour lesquelles {condition}.",
        "concerns_all": "Il concerne toutes les réponses.",
        "owner": "Pour toute question : {owner}.",
        "rules": "Ce qui se passe, dans cet ordre",
        "rules_lead": "La première ligne qui s'applique décide ; une réponse ne lance jamais plus d'une "
        "chose. Une ligne sur laquelle on ne peut pas se prononcer, faute d'information, ne s'applique pas.",
        "when": "Quand {condition} : {play}",
        "from": "À partir du {day} seulement.",
        "until": "Jusqu'au {day} inclus seulement.",
        "rollout": "Pour {percent} des interlocuteurs ; pour les autres, rien n'est lancé.",
        "observe": "En observation : on note quand cela s'appliquerait, rien n'est lancé.",
        "exempt": "N'est jamais retenu par {gates}. Pourquoi : {reason}",
        "spends": "Cela prend {amount} sur le budget {budget}. {otherwise}",
        "exhausted_none": "Quand il est épuisé, rien n'est lancé.",
        "exhausted_play": "Quand il est épuisé, à la place : {play}",
        "separate": "Cela démarre même si une boucle est ouverte avec cette personne.",
        "join_customer": "Si une boucle est ouverte avec ce client, la réponse la rejoint.",
        "rule_owner": "Pour toute question : {owner}.",
        "undecided": "Quand on ne peut pas trancher",
        "undecided_when": "Quand aucune ligne ci-dessus ne s'applique, que l'on ne peut se prononcer sur "
        "l'une d'elles au moins, et que {condition} : {play}",
        "undecided_always": "Quand aucune ligne ci-dessus ne s'applique, et que l'on ne peut se prononcer "
        "sur l'une d'elles au moins : {play}",
        "undecided_record": "Quand aucune ligne ci-dessus ne s'applique, et que l'on ne peut se prononcer "
        "sur l'une d'elles au moins, rien n'est lancé ; la réponse est notée comme indécise.",
        "reasons": "Quand rien n'est lancé, la raison qui est notée",
        "reasons_lead": "La première qui s'applique.",
        "reason": "Quand {condition}.",
        "words": "Mots employés plus haut",
        "definition": "Cela veut dire que {condition}.",
        "if_unknown": "Ce que l'on ne connaît pas compte pour non.",
        "guarantees": "Ce qui est garanti",
        "guarantee_starts": "Chaque fois que {condition}, ceci est lancé : {plays}, ou la réponse rejoint la "
        "boucle déjà ouverte.",
        "guarantee_nothing": "Chaque fois que {condition}, rien n'est lancé.",
        "guarantee_never": "Chaque fois que {condition}, ceci n'est jamais lancé : {plays}.",
        "guarantee_taken": "Chaque fois que {condition}, une des lignes ci-dessus décide ; ce qui vaut pour "
        "tous les programmes peut encore la retenir.",
        "policy": "Ce qui vaut pour tous les programmes",
        "max_age": "Une réponse plus vieille que {span} est enregistrée, et rien n'est lancé pour elle.",
        "no_max_age": "Une réponse de tout âge peut lancer quelque chose.",
        "joining": "Si une boucle est déjà ouverte avec la même personne, la réponse la rejoint : personne "
        "n'a deux conversations à la fois.",
        "restarts_first_contact": "Si elle rejoint une boucle ouverte, le délai pour joindre la personne "
        "repart de zéro.",
        "restarts_close": "Si elle rejoint une boucle ouverte, le délai pour la clore repart de zéro.",
        "also_tag": "Le client reçoit l'étiquette « {name} ».",
        "also_notify": "L'équipe « {name} » est prévenue.",
        "quiet": "Aucun message ne part vers un client entre {begins} et {ends}, à son heure si on la "
        "connaît ; il attend le matin.",
        "redecide": "Une réponse renvoyée avec un autre contenu, et qui n'a encore rien lancé, est décidée à "
        "nouveau.",
        "suppress": "{name} : {plays} {held}{when}{window}.",
        "held_drop": "n'est pas lancé",
        "held_defer": "attend la fin de la pause,",
        "suppress_when": " tant que {condition}, ou tant qu'on ne le sait pas",
        "suppress_window": " du {begins} au {ends}",
        "cap": "{name} : {plays}, au plus {most} fois en {span} pour un même {per}.",
        "cap_once": "{name} : {plays}, au plus une fois en {span} pour un même {per}.",
        "per_customer": "client",
        "per_contact": "interlocuteur",
        "budget": "{name} : au plus {amount} {per}.",
        "holdout": "{name} : {percent} des interlocuteurs ne reçoivent pas ceci : {plays}, pour en mesurer "
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
    ", ou",
)

TONGUES: Mapping[TongueCode, Tongue] = {"en": ENGLISH, "fr": FRENCH}
"""Every language by its code."""


_SPANS: Mapping[TongueCode, Mapping[str, tuple[str, str]]] = {
    "en": {"days": ("day", "days"), "hours": ("hour", "hours"), "minutes": ("minute", "minutes")},
    "fr": {"days": ("jour", "jours"), "hours": ("heure", "heures"), "minutes": ("minute", "minutes")},
}


def say_length(tongue: Tongue, length: timedelta) -> str:
    """A length of time in the largest unit that holds it whole."""
    if not length % timedelta(days=1):
        return say_span(tongue, length // timedelta(days=1), "days")
    if not length % timedelta(hours=1):
        return say_span(tongue, length // timedelta(hours=1), "hours")
    return say_span(tongue, length // timedelta(minutes=1), "minutes")


def say_span(tongue: Tongue, amount: int, unit: Literal["days", "hours", "minutes"]) -> str:
    """A length of time with its unit."""
    one, many = _SPANS[tongue.code][unit]
    return f"{amount} {one if amount == 1 else many}"
