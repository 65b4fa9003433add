"""What plays do, told to people who never see their parameters: ours, and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from boucle.worker.own_plays import find_own_plays
from boucle.workflows import play_words
from boucle.workflows.own_play import OwnPlay
from boucle.workflows.play_words import Language


def namer(language: Language) -> Callable[[str], str | None]:
    """A function that names a play in one language; None where nobody gave it a name."""
    own, ours = find_own_plays().plays, play_words.namer(language)
    return lambda play: own[play].called.get(language) if play in own else ours(play)


def teller(language: Language) -> Callable[[str, Mapping[str, JsonValue]], str]:
    """A function that tells a play with its parameters in one language."""
    own = find_own_plays().plays
    return lambda play, params: _tell(play, own.get(play), params, language)


def _tell(play: str, own: OwnPlay | None, params: Mapping[str, JsonValue], language: Language) -> str:
    told = own.told.get(language) if own else None
    if own is None or told is None:
        return play_words.tell_play(play, params, language)
    read = own.params.model_validate(dict(params))
    parts = {name: play_words.tell_part(getattr(read, name), language) for name in type(read).model_fields}
    return told.format_map(parts)
