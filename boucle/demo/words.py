"""What the fictional company's customers are called and what they write, in French and English.

Sillage makes shipping software for online shops. Every name, address and sentence here is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from boucle.model import Band

Language = Literal["fr", "en"]

FIRST_NAMES: Mapping[Language, tuple[str, ...]] = {
    "fr": ("Aïcha", "Benoît", "Chloé", "Driss", "Élodie", "Fabien", "Gaëlle", "Hugo", "Inès", "Jérôme",
           "Karine", "Loïc", "Maëlys", "Noémie", "Océane", "Pascal", "Rémi", "Solène", "Thibault", "Zoé"),
    "en": ("Amelia", "Brendan", "Ciara", "Dominic", "Eleanor", "Farah", "Graham", "Harriet", "Imran", "Joan",
           "Kieran", "Lydia", "Malcolm", "Nadia", "Oscar", "Priya", "Rory", "Sheila", "Tobias", "Winnie"),
}  # fmt: skip

LAST_NAMES: Mapping[Language, tuple[str, ...]] = {
    "fr": ("Abgrall", "Berthou", "Carpentier", "Delaunay", "Escoffier", "Guégan", "Héraud", "Jacquot",
           "Kerbrat", "Lemoine", "Marchais", "N'Diaye", "Ollivier", "Pruvost", "Quéré", "Roussel"),
    "en": ("Ashworth", "Bexley", "Cartmell", "Dunmore", "Eastham", "Fairclough", "Garside", "Hollins",
           "Ingleby", "Jessop", "Kendrick", "Lockett", "Merrick", "Nuttall", "Okafor", "Penhale"),
}  # fmt: skip

ACCOUNTS: Mapping[Language, tuple[str, ...]] = {
    "fr": ("Bougies du Golfe", "La Malle à Thé", "Velours & Cie", "Les Deux Rives", "Pépinières Morel",
           "Sel d'Ici", "Papeterie Colibri", "Ruches du Layon", "Atelier Cuir Nord", "Mon Petit Vrac",
           "Cycles Ardoise", "Confiserie Belle-Île", "Laines du Causse", "Galerie Opaline"),
    "en": ("Harbour Candles", "Moss & Fern", "Peak Paper Co", "Wool Lane", "Tidewater Prints",
           "Copperfield Toys", "Northgate Cycles", "Saltbox Ceramics", "Larch Furniture", "Bramble Teas",
           "Quillpoint", "Old Mill Flour", "Kestrel Outdoor", "Dapple Grey Riding"),
}  # fmt: skip

COMMENTS: Mapping[tuple[Language, Band], tuple[str, ...]] = {
    ("fr", Band.DETRACTOR): (
        "Trois colis perdus en un mois et personne ne rappelle.",
        "L'étiquette sort à l'envers une fois sur deux, l'imprimante n'y est pour rien.",
        "Le support répond, mais toujours à côté de la question.",
        "La facture de mars est fausse, nous attendons l'avoir depuis six semaines.",
        "Depuis la mise à jour, l'export plante dès qu'il y a plus de 200 commandes.",
        "On nous avait promis un interlocuteur dédié : nous en avons eu quatre.",
        "Trop cher pour ce que c'est devenu.",
        "Impossible de joindre quelqu'un le samedi, alors que c'est notre plus grosse journée.",
        "Je ne recommande plus depuis la panne du 2 : aucune excuse, aucune explication.",
    ),
    ("fr", Band.PASSIVE): (
        "Très bien dans l'ensemble, mais l'export reste lent.",
        "Presque parfait : il manque le tri par transporteur.",
        "Bon outil, la prise en main a été longue.",
        "Correct. Les tarifs ont beaucoup augmenté.",
        "",
        "",
    ),
    ("fr", Band.PROMOTER): (
        "Un gain d'une heure par jour sur les expéditions, merci.",
        "Équipe adorable, le problème a été réglé avant que je raccroche.",
        "Simple, clair, et ça marche.",
        "Nous l'avons recommandé à deux confrères.",
        "",
        "",
        "",
    ),
    ("en", Band.DETRACTOR): (
        "Three parcels lost this month and nobody called us back.",
        "Support closes the ticket before the problem is solved.",
        "Labels print upside down since the last update. Every single batch.",
        "We were invoiced twice and have been chasing the credit note ever since.",
        "The customs form is wrong for Northern Ireland, we have said so four times.",
        "Too expensive for a tool that goes down every peak day.",
        "The export fails with more than 200 orders, so it fails every day.",
        "I asked for a call in March. It is still on somebody's list.",
        "Onboarding was a video. We needed a person.",
    ),
    ("en", Band.PASSIVE): (
        "Good overall, the export is slow.",
        "Nearly there: I would like to sort by carrier.",
        "Does the job. Pricing crept up.",
        "Fine, although the first week was hard work.",
        "",
        "",
    ),
    ("en", Band.PROMOTER): (
        "Saves us an hour a day at the packing bench.",
        "Lovely people; fixed while I was still on the phone.",
        "Simple and it works.",
        "Already told two other shops about you.",
        "",
        "",
        "",
    ),
}

NOTES: Mapping[Language, tuple[str, ...]] = {
    "fr": (
        "A raconté la panne calmement ; attend surtout une explication écrite.",
        "Agacée par les relances de facture ; avoir promis pour vendredi.",
        "Veut tester la correction avant d'en dire plus.",
    ),
    "en": (
        "Calm about the outage, mostly wants a written explanation.",
        "Annoyed by the invoice reminders; credit note promised for Friday.",
        "Would like to try the fix before saying more.",
    ),
}

TESTIMONIALS: Mapping[Language, tuple[str, ...]] = {
    "fr": (
        "Depuis que Sillage imprime nos étiquettes, personne ne fait plus la queue le lundi matin.",
        "Le seul prestataire qui nous rappelle avant que nous ayons eu le temps de nous plaindre.",
    ),
    "en": (
        "Since Sillage prints our labels, nobody queues on Monday mornings any more.",
        "The only supplier who calls back before we have found the time to complain.",
    ),
}

WISHES: Mapping[Language, tuple[str, ...]] = {
    "fr": (
        "L'export du soir est vraiment trop lent.",
        "Rien de spécial, juste un tarif pour les petits volumes.",
    ),
    "en": ("The nightly export is far too slow.", "Nothing much: a price for small volumes would do."),
}
"""What is missing: the first of each is a problem, the second is not."""
