"""`boucle rules explain`: what any bundle says of any response, stored or only supposed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import now, say, show
from boucle.errors import NotFoundError

if TYPE_CHECKING:
    from sqlmodel import Session

    from boucle.commands.opening import Opened
    from boucle.decision import Decision
    from boucle.rules.bundle import Bundle
    from boucle.settings import Settings

_SHORT = 12
_STANDARD_INPUT = "-"


def explain(
    what: Annotated[
        str,
        typer.Argument(help="A stored response, a file of JSON or YAML with facts, or - for standard input."),
    ],
    *,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle",
            help="A stored bundle (its digest, or its beginning) or a workspace's folder; without it, the "
            "one that decided, and for facts the one in force.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say what rules make of a response, and why: of a stored one, or of facts that you write down.

    A file holds one mapping of facts, such as {"nps": 3, "customer.segment": "key"}, or the keys of a rule
    test beside them: facts, now, responded_at, contact, customer, arms, counted, left, open_loop.
    """
    from boucle.commands.opening import opened

    with opened(workspace) as here:
        if what == _STANDARD_INPUT or Path(what).is_file():
            chosen, decision = _suppose_facts(here, what, bundle)
        else:
            with here.database.reading() as session:
                chosen, decision = _suppose_stored(session, what, bundle)
    _show(chosen, decision, format_)


def _suppose_facts(here: Opened, what: str, name: str | None) -> tuple[Bundle, Decision]:
    from boucle.commands.opening import MistakesError
    from boucle.rules.failures import CannotDecideError
    from boucle.rules.testing.supposed import read_supposed
    from boucle.worker.own_plays import play_params

    with here.database.reading() as session:
        chosen = _find(session, name) if name else _find_in_force(session, here.settings)
    text, file = _read(what)
    supposed, mistakes = read_supposed(text, file, chosen, play_params(), now())
    if supposed is None:
        raise MistakesError(mistakes, {file: text})
    answered = supposed.decide(chosen)
    if answered.decision is None:
        raise CannotDecideError(answered.problem)
    return chosen, answered.decision


def _find_in_force(session: Session, settings: Settings) -> Bundle:
    """The bundle in force, or the folder's own where none is; says so where the folder holds others."""
    from boucle.commands.opening import MistakesError
    from boucle.commands.ruling import get_bundle
    from boucle.engine.activations import BundleInForce

    bundle = BundleInForce().find(session)
    if bundle is None:
        return get_bundle(settings)
    try:
        differs = get_bundle(settings).digest != bundle.digest
    except MistakesError:
        differs = True
    if differs:
        say("told by the rules in force; the workspace's files hold others, which --bundle . asks")
    return bundle


def _read(what: str) -> tuple[str, str]:
    """The text and what its places are called."""
    if what == _STANDARD_INPUT:
        return sys.stdin.buffer.read().decode("utf-8", "surrogateescape"), "standard input"
    from boucle.rules.files import read_text

    return read_text(Path(what)), what


def _suppose_stored(session: Session, what: str, name: str | None) -> tuple[Bundle, Decision]:
    from boucle.commands.explaining import find
    from boucle.engine import bundles
    from boucle.engine.responses import tell
    from boucle.engine.supposals import suppose

    try:
        told = tell(session, find(session, what))
    except NotFoundError:
        raise NotFoundError("file and no response", what) from None
    decision = told.decided[0].decision
    own = bundles.load(session, decision.bundle)
    chosen = _find(session, name) if name else own
    if chosen.digest == own.digest:
        return own, decision
    supposal = suppose(session, told, chosen)
    _say_unknown("that this bundle does not take", supposal.left_out)
    _say_unknown("that the record does not hold, taken for unknown", supposal.unlooked)
    say(f"decided then by bundle {own.digest[:_SHORT]}; told here: what {chosen.digest[:_SHORT]} would say")
    return chosen, supposal.decision


def _say_unknown(what: str, names: Sequence[str]) -> None:
    if names:
        say(f"facts {what}: {', '.join(names)}")


def _find(session: Session, name: str) -> Bundle:
    """A stored bundle, or a folder's own."""
    from boucle.commands.opening import get_settings
    from boucle.commands.ruling import get_bundle
    from boucle.engine import bundles

    folder = Path(name)
    if folder.is_dir():
        return get_bundle(get_settings(folder))
    return bundles.load(session, bundles.find_digest(session, name))


def _show(bundle: Bundle, decision: Decision, format_: FormatOption) -> None:
    from boucle.rules.explain import explain as explain_decision
    from boucle.rules.explain_text import render_explanation

    explanation = explain_decision(bundle, decision)
    told = {"bundle": bundle.digest, "decision": decision, "explanation": explanation}
    show(told, lambda: f"bundle {bundle.digest[:_SHORT]}\n\n{render_explanation(explanation)}", format_)
