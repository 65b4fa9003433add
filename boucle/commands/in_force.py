"""The rules in force, for a command that takes responses in; the folder's own where none ever were."""

from __future__ import annotations

from boucle.commands.green import require_sound
from boucle.commands.opening import MistakesError
from boucle.commands.output import now, say
from boucle.commands.ruling import get_bundle
from boucle.engine import activations, bundles
from boucle.engine.activations import BundleInForce
from boucle.engine.database import Database
from boucle.rules.bundle import Bundle
from boucle.settings import Settings

_SHORT = 12
_ACTIVATE = "boucle bundles activate --reason '…'"


def get_in_force(settings: Settings, database: Database, actor: str) -> Bundle:
    """The bundle in force; the folder's rules are activated first where nothing ever was.

    Says so on stderr, and also where the folder holds other rules than those in force. MistakesError
    where nothing is in force and the folder's rules cannot be.
    """
    with database.reading() as session:
        bundle = BundleInForce().find(session)
    if bundle is None:
        return _activate_first(settings, database, actor)
    _say_difference(settings, bundle)
    return bundle


def find_for_trial(settings: Settings) -> Bundle:
    """The bundle in force, or the folder's own where none is; touches nothing."""
    database = Database(settings.database)
    if (database.file is not None and not database.file.exists()) or not database.is_migrated():
        return get_bundle(settings)
    with database.reading() as session:
        bundle = BundleInForce().find(session)
    database.dispose()
    if bundle is None:
        return get_bundle(settings)
    _say_difference(settings, bundle)
    return bundle


def _activate_first(settings: Settings, database: Database, actor: str) -> Bundle:
    own = require_sound(settings)
    with database.session() as session:
        digest = activations.begin(session, own, at=now(), actor=actor).bundle
        bundle = own if digest == own.digest else bundles.load(session, digest)
        session.commit()
    if bundle is own:
        say(f"no rules were in force yet: bundle {own.digest[:_SHORT]} of this workspace is now")
    else:
        _say_difference(settings, bundle)
    return bundle


def _say_difference(settings: Settings, bundle: Bundle) -> None:
    in_force = f"bundle {bundle.digest[:_SHORT]} stays in force"
    try:
        own = get_bundle(settings)
    except MistakesError:
        say(f"the workspace's files have mistakes (boucle rules check); {in_force}")
        return
    if own.digest != bundle.digest:
        say(f"the workspace's files hold other rules; {in_force} until {_ACTIVATE}")
