"""`boucle rules prove` and `diff`: what the rules guarantee, and what an edit of them changes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import FolderArgument, FormatOption, WorkspaceOption
from boucle.commands.output import now, say, show
from boucle.errors import BoucleError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boucle.rules.analysis.guarantees import Proof
    from boucle.rules.bundle import Bundle
    from boucle.rules.ruleset import Workspace

AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="The day, such as 2026-03-10; without it, today.")
]


IN_FORCE = "in-force"
"""What the bundle in force is called where a bundle is named."""


class NoSuchDayError(BoucleError):
    """A day that was typed cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is no day; write 2026-03-10")


def prove(
    folder: FolderArgument = None,
    *,
    as_of: AsOfOption = None,
    guarantee: Annotated[str | None, typer.Option("--guarantee", help="Only the one with this id.")] = None,
    format_: FormatOption = "text",
) -> None:
    """Prove the guarantees of the rule sets, or show for each that fails a response that breaks it.

    Exit 0: every guarantee is proved; 1: one is refuted, can never apply, or could not be decided.
    """
    from boucle.rules.analysis.guarantee_text import render_proofs
    from boucle.rules.analysis.guarantees import prove as prove_guarantees

    workspace, bundle = _read(folder)
    ids = [one.id for rule_set in workspace.rule_sets for one in rule_set.guarantees]
    if guarantee is not None and guarantee not in ids:
        raise NotFoundError("guarantee", guarantee, ids)
    proofs = prove_guarantees(workspace, bundle, read_day(as_of), guarantee)
    show([_as_json(proof) for proof in proofs], lambda: render_proofs(proofs), format_)
    say(_summary(proofs))
    if any(proof.verdict != "PROVED" for proof in proofs):
        raise typer.Exit(1)


def diff(
    old: Annotated[str, typer.Argument(help="A workspace's folder, the digest of a bundle, or in-force.")],
    new: Annotated[str, typer.Argument(help="The same, of the version to compare it with.")],
    *,
    as_of: AsOfOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say what an edit of the rules changes: who wins where, with a response each way, and all else.

    Digests are looked up in the workspace's database, and may be shortened. Guarantees are compared where
    both are folders: they change no decision, and are no part of a bundle.
    Exit 0: both mean the same; 1: they do not, or there were too many cases to tell.
    """
    from boucle.rules.analysis.changes import list_changes
    from boucle.rules.analysis.difference_text import render_differences
    from boucle.rules.analysis.differences import compare

    (before, files), (after, edited) = (_find_version(name, workspace) for name in (old, new))
    day, promised = read_day(as_of), _compare_guarantees(files, edited)
    compared, changes = compare(before, after, day), [*list_changes(before, after), *(promised or [])]
    value = {
        "old": before.digest,
        "new": after.digest,
        "day": day,
        "outcomes": compared.differences,
        "unfinished": compared.unfinished,
        "changes": changes,
        "guarantees_compared": promised is not None,
    }
    show(value, lambda: render_differences(compared, changes), format_)
    moved = [one for one in compared.differences if one.kind != "equivalent"]
    if promised is None:
        say("guarantees are no part of a bundle, and were not compared")
    say(f"{len(moved)} outcome(s) differ, {len(changes)} other change(s)")
    if moved or changes or compared.unfinished:
        raise typer.Exit(1)


def _compare_guarantees(old: Workspace | None, new: Workspace | None) -> list[str] | None:
    """What the guarantees of two folders say otherwise; None where one side is no folder."""
    from boucle.rules.analysis.guarantee_changes import list_guarantee_changes

    return None if old is None or new is None else list_guarantee_changes(old, new)


def _find_version(name: str, workspace: Path | None) -> tuple[Bundle, Workspace | None]:
    """The rules of a folder, compiled, with its files; or a bundle of the database, which has none.

    NotFoundError, MistakesError.
    """
    if Path(name).is_dir():
        files, bundle = _read(Path(name))
        return bundle, files
    return _find_bundle(name, workspace), None


def _find_bundle(name: str, workspace: Path | None) -> Bundle:
    """A bundle of the database, by its digest or as the one in force; NotFoundError."""
    from boucle.commands.opening import opened
    from boucle.engine.activations import BundleInForce
    from boucle.engine.bundles import find_digest, load

    with opened(workspace) as here, here.database.reading() as session:
        if name != IN_FORCE:
            return load(session, find_digest(session, name))
        bundle = BundleInForce().find(session)
    if bundle is None:
        raise NotFoundError("bundle", IN_FORCE)
    return bundle


def read_day(text: str | None) -> date:
    """The day that was typed, today without one; NoSuchDayError."""
    if text is None:
        return now().astimezone().date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=now().tzinfo).date()
    except ValueError as error:
        raise NoSuchDayError(text) from error


def _read(folder: Path | None) -> tuple[Workspace, Bundle]:
    """A workspace's files, read and compiled; MistakesError where they cannot be used."""
    from boucle.commands.ruling import check_workspace
    from boucle.rules.compiler import compile_workspace

    workspace = check_workspace(folder).require()
    return workspace, compile_workspace(workspace)


def _summary(proofs: Sequence[Proof]) -> str:
    proved = sum(proof.verdict == "PROVED" for proof in proofs)
    return f"{proved} of {len(proofs)} guarantee(s) proved"


def _as_json(proof: Proof) -> dict[str, object]:
    from boucle.rules.analysis.guarantee_text import OUTSIDE, state_claim
    from boucle.rules.analysis.witnesses import write_case

    witness = proof.witness
    return {
        "rule_set": proof.rule_set,
        "guarantee": proof.guarantee.id,
        "place": str(proof.guarantee.place),
        "claim": state_claim(proof.guarantee),
        "verdict": proof.verdict,
        "day": proof.day,
        "last_day": proof.last_day,
        "ends_with": proof.ends_with,
        "carried_by": proof.carried_by,
        "assumptions": proof.assumptions,
        "outside": OUTSIDE,
        "example": proof.example,
        "why": proof.why,
        "witness": None if witness is None else {"facts": witness.facts, "decision": witness.decision},
        "test": None if witness is None else write_case(f"{proof.guarantee.id} does not hold", witness),
    }
