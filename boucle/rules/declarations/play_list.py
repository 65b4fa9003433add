"""A list of plays, as the policy and the guarantees name them."""

from __future__ import annotations

from collections.abc import Collection

from boucle.rules.strict_yaml.file_mistakes import BadValue, Repeated, UnknownPlay
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Sequence_
from boucle.rules.worded import did_you_mean, listed, shortened


def read_plays(form: Form, key: str, plays: Collection[str]) -> frozenset[str] | None:
    """The plays under `key`, at least one; None where the list is absent or wrong."""
    before = len(form.mistakes)
    named = form.texts(key, "a list of plays")
    value = form.node.find(key)
    if isinstance(value, Sequence_) and not value.items:
        form.refuse(BadValue(value.place, key, "[]", "name at least one play"))
    for number, play in enumerate(named):
        if play.text not in plays:
            guess = did_you_mean(play.text, plays)
            form.refuse(UnknownPlay(play.place, shortened(play.text), guess, listed(sorted(plays))))
        elif play.text in {other.text for other in named[:number]}:
            form.refuse(Repeated(play.place, "play", play.text, "another place of this list"))
    return None if len(form.mistakes) > before or not named else frozenset(play.text for play in named)
