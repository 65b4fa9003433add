"""How colleagues are told, in French: see `wording`."""

from __future__ import annotations

from collections.abc import Mapping

DETAILS = "Boucle : {loop}\nClient : {customer}\nScore : {score}\nGravité : {severity}\n"
UNKNOWN = "inconnu"

NAMES: Mapping[str, str] = {
    "first_contact": "premier contact",
    "close": "clôture",
    "follow_up": "relance",
    "answer": "réponse",
    "commitment": "engagement",
    "low": "faible",
    "medium": "moyenne",
    "high": "haute",
    "critical": "critique",
    "approved": "approuvée",
    "refused": "refusée",
    "recovered": "rattrapé",
    "not_recovered": "non rattrapé",
    "no_comment": "Il n'y a pas de commentaire.",
    "comment_hidden": "Il y a un commentaire, que votre équipe ne lit pas.",
    "yes": "oui",
    "no": "non",
}

NOTICES: Mapping[str, tuple[str, str]] = {
    "assigned": (
        "Un dossier pour vous : {loop}",
        "Un dossier vous est confié. Prochaine échéance : {clock}, {due}.",
    ),
    "reassigned": (
        "Ce dossier n'est plus le vôtre : {loop}",
        "Ce dossier revient désormais à {owner}. Vous n'avez plus rien à faire.",
    ),
    "queued": (
        "Un dossier attend : {loop}",
        "Un dossier attend que quelqu'un le prenne. Prochaine échéance : {clock}, {due}.",
    ),
    "stand-in": (
        "Un dossier pour vous, à la place de {absent} : {loop}",
        "{absent} est en congé : ce dossier vous revient. Prochaine échéance : {clock}, {due}.",
    ),
    "reminder": (
        "Échéance proche : {clock}, {loop}",
        "Une échéance de ce dossier approche : {clock}, {due}.",
    ),
    "missed": (
        "Échéance manquée : {clock}, {loop}",
        (
            "Une échéance de ce dossier est passée : {clock}, {due}. Le responsable de l'équipe peut prendre "
            "le dossier."
        ),
    ),
    "late": (
        "Toujours en retard : {clock}, {loop}",
        "Une échéance de ce dossier est passée depuis un moment : {clock}, {due}.",
    ),
    "standing": (
        "Toujours ouvert : {loop}",
        "Ce dossier est ouvert depuis le {opened} et n'est pas clos. Prochaine échéance : {clock}, {due}.",
    ),
    "next-try": (
        "Nouvel essai prévu maintenant : {loop}",
        "Vous avez prévu de rappeler le client maintenant. Prochaine échéance : {clock}, {due}.",
    ),
    "silent": (
        "Votre dossier vous attend : {loop}",
        (
            "Rien n'a été fait de votre part sur ce dossier depuis le {since}. Prochaine échéance : {clock}, "
            "{due}."
        ),
    ),
    "silence": (
        "Dossier sans signe de vie : {loop}",
        (
            "{owner} n'a pas avancé sur ce dossier depuis le {since}. Comme responsable de l'équipe, vous "
            "pouvez le prendre. Prochaine échéance : {clock}, {due}."
        ),
    ),
    "raised": (
        "Plus grave : {severity}, {loop}",
        (
            "Ce dossier s'est aggravé : de {before}, sa gravité est devenue {severity}. Prochaine échéance : "
            "{clock}, {due}."
        ),
    ),
    "joined": (
        "Le client a répondu de nouveau : {loop}",
        "Une autre réponse a rejoint cette boucle. Son score : {joined}.",
    ),
    "revised": (
        "Le client a modifié sa réponse : {loop}",
        "Une réponse de cette boucle a été modifiée par le client : {before} est devenu {after}.",
    ),
    "reply": (
        "Le client vous a écrit : {loop}",
        "Le client a répondu à un message de cette boucle. Plus aucun message ne part tout seul.",
    ),
    "answered": (
        "{before} → {after} : {loop}",
        "Le client a répondu à la question de suivi : {before} avant, {after} maintenant.",
    ),
    "referred": (
        "Des nouvelles d'une recommandation : {loop}",
        "Une personne recommandée par ce client : {outcome}.",
    ),
    "testimonial": (
        "Un témoignage : {loop}",
        "Le client a laissé un témoignage. Peut-il être publié : {published}.",
    ),
    "approval-wanted": (
        "Votre accord est demandé : {loop}",
        "{by} souhaite accorder une offre de {value}. Elle attend que vous l'approuviez ou la refusiez.",
    ),
    "approval-decided": (
        "Votre offre a été {outcome} : {loop}",
        "Votre offre de {value} a été {outcome} par {by}.",
    ),
    "approval-late": (
        "Personne n'a tranché : {loop}",
        "Personne ne s'est prononcé à temps sur une offre de {value}. Elle n'est pas accordée.",
    ),
    "redeemed": ("Une offre a été utilisée : {loop}", "Le client a utilisé l'offre de {value}."),
    "task": (
        "{by} vous demande quelque chose : {loop}",
        "{by} vous demande quelque chose pour ce client, avant le {until}. La boucle dit quoi.",
    ),
    "task-due": (
        "Bientôt attendu : {loop}",
        "Ce que {by} vous a demandé est attendu pour le {until}.",
    ),
    "task-late": (
        "Pas encore fait : {loop}",
        "Ce qui avait été demandé était attendu pour le {until}.",
    ),
    "task-done": (
        "C'est fait : {loop}",
        "{by} a fait ce que vous aviez demandé. La boucle dit ce qu'il en est.",
    ),
    "snooze-over": (
        "De retour dans votre liste : {loop}",
        "Un dossier mis de côté est de retour. Prochaine échéance : {clock}, {due}.",
    ),
    "wait-over": (
        "Le client n'est pas revenu : {loop}",
        (
            "Le dossier attendait le client, et ce délai est passé. Ses échéances courent de nouveau : "
            "{clock}, {due}."
        ),
    ),
    "promise-due": (
        "Un engagement arrive à échéance : {loop}",
        "Ce qui a été promis au client est attendu pour le {until}.",
    ),
    "promise-missed": (
        "Un engagement n'a pas été tenu : {loop}",
        "Ce qui a été promis au client était attendu pour le {until}, et personne n'a dit que c'était fait.",
    ),
    "merged": (
        "La suite est ailleurs : {loop}",
        (
            "Cette boucle portait sur la même chose que {into}, où elle continue. Vous n'avez plus rien à "
            "faire ici."
        ),
    ),
    "withdrawn": (
        "Ne plus contacter ce client : {loop}",
        "Le client ne souhaite plus que nous le contactions. La boucle est close.",
    ),
    "reopened": (
        "De nouveau ouverte : {loop}",
        "{by} a rouvert cette boucle. Prochaine échéance : {clock}, {due}.",
    ),
    "unreachable": (
        "Un message ne passe pas : {loop}",
        "Un message au client a été refusé définitivement. Il faut un autre canal.",
    ),
    "unconfirmed": (
        "Est-ce parti ? {loop}",
        "Personne ne sait si un message est parti, il n'est donc pas renvoyé. Merci de trancher : {effect}.",
    ),
    "notify": (
        "Pour information : {loop}",
        "Un client a dit quelque chose qui vous concerne (règle « {rule} »).\n\n{comment}",
    ),
    "step": ("Pour information : {loop}", "{text}"),
    "call-back": (
        "Un appel a été promis : {loop}",
        "On a proposé au client de le rappeler, et il attend cet appel. Prochaine échéance : {clock}, {due}.",
    ),
    "note": ("À regarder : {loop}", "Il s'est passé dans cette boucle quelque chose qu'il faut voir."),
}
