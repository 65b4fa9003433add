"""The play `thank_you`, as boucle finds it: `boucle rules check` reads this, and loads no workflow."""

from boucle.workflows.own_play import OwnPlay
from thank_you_play.params import ThankYouParams

PLAY = OwnPlay(
    params=ThankYouParams,
    workflow="thank_you_play.play:ThankYou",
    called={"en": "a thank-you", "fr": "un remerciement"},
    told={
        "en": "the contact is thanked (message “{template}”); the loop stays open for {open_for}.",
        "fr": "l'interlocuteur est remercié (message « {template} ») ; la boucle reste ouverte {open_for}.",
    },
)
