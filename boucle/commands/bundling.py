"""`boucle bundles`: which rules are in force, since when, by whom and why; and putting others in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import ActorOption, FolderArgument, FormatOption, LimitOption, WorkspaceOption
from boucle.commands.output import local, now, say, show, table

if TYPE_CHECKING:
    from boucle.engine.tables import Activation
    from boucle.rules.bundle import Bundle, CompiledRule

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger for ever.")]
_SHORT = 12


def activate(
    folder: FolderArgument = None,
    *,
    reason: ReasonOption,
    actor: ActorOption = None,
    format_: FormatOption = "text",
) -> None:
    """Put the workspace's rules in force: checked, tested and proved first; all green, or nothing changes.

    The swap is atomic and needs no restart: what comes in afterwards is decided by the new bundle.
    Loops that run keep their plan. A bad bundle is refused, and the old one stays in force.
    """
    from boucle.commands.green import require_green
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import activations

    with opened(folder) as here:
        who = get_actor(here.settings, actor)
        bundle = require_green(here.settings)
        with here.database.session() as session:
            current = activations.find_active(session)
            if current is not None and current.bundle == bundle.digest:
                show(_shown(current), lambda: f"bundle {bundle.digest[:_SHORT]} is in force already", format_)
                return
            row = activations.activate(session, bundle, at=now(), actor=who, reason=_given(reason))
            shown = _shown(row)
            session.commit()
    show(shown, lambda: f"bundle {bundle.digest[:_SHORT]} is in force{_instead(shown)}", format_)


def rollback(
    *,
    to: Annotated[
        str | None, typer.Option("--to", help="Which bundle; without it, the one in force before.")
    ] = None,
    reason: ReasonOption,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Put an earlier bundle in force again; it is an activation like any other."""
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import activations, bundles

    with opened(workspace) as here:
        who = get_actor(here.settings, actor)
        with here.database.session() as session:
            digest = activations.get_previous(session) if to is None else bundles.find_digest(session, to)
            bundle = bundles.load(session, digest)
            row = activations.activate(session, bundle, at=now(), actor=who, reason=_given(reason))
            shown = _shown(row)
            session.commit()
    say("the workspace's files still hold the other rules; the next activation would bring them back")
    show(shown, lambda: f"bundle {digest[:_SHORT]} is in force{_instead(shown)}", format_)


def list_(
    *, limit: LimitOption = 100, workspace: WorkspaceOption = None, format_: FormatOption = "text"
) -> None:
    """List what was put in force, the latest first; the first line is in force."""
    from boucle.commands.opening import opened
    from boucle.engine import activations

    with opened(workspace) as here, here.database.reading() as session:
        rows = [_shown(row) for row in activations.list_activations(session, limit)]
    show(rows, lambda: _list(rows), format_)


def show_(
    digest: Annotated[
        str | None, typer.Argument(help="The bundle, or its beginning; without it, the one in force.")
    ] = None,
    *,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Show a bundle: its rules in their order, and its gates. As JSON: the canonical bundle itself."""
    from boucle.commands.opening import opened
    from boucle.engine import activations, bundles
    from boucle.errors import NotFoundError

    with opened(workspace) as here, here.database.reading() as session:
        if digest is None:
            current = activations.find_active(session)
            if current is None:
                raise NotFoundError("bundle", "in force")
            digest = current.bundle
        bundle = bundles.load(session, bundles.find_digest(session, digest))
    if format_ == "json":
        typer.echo(bundle.canonical())
    else:
        typer.echo("\n".join(_bundle_lines(bundle)))


# -- what is shown ------------------------------------------------------------------------------


class _NoReasonError(typer.BadParameter):
    """An activation without a reason that a reader could use."""

    def __init__(self) -> None:
        super().__init__("say why, in a few words", param_hint="'--reason'")


def _given(reason: str) -> str:
    if not reason.strip():
        raise _NoReasonError
    return reason.strip()


def _shown(row: Activation) -> dict[str, Any]:
    return {
        "bundle": row.bundle,
        "at": row.at,
        "actor": row.actor,
        "reason": row.reason,
        "previous": row.previous,
    }


def _instead(shown: dict[str, Any]) -> str:
    previous = shown["previous"]
    return f", in place of {previous[:_SHORT]}" if previous else ""


def _list(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "no bundle was ever activated; the first import activates the workspace's rules"
    cells = [
        (
            row["bundle"][:_SHORT],
            local(row["at"]),
            row["actor"],
            "in force" if not number else "",
            row["reason"],
        )
        for number, row in enumerate(rows)
    ]
    return table(("bundle", "since", "by", "", "why"), cells)


def _bundle_lines(bundle: Bundle) -> list[str]:
    facts = bundle.catalogue.facts
    lines = [
        f"bundle {bundle.digest}",
        f"{len(facts)} facts, {len(bundle.catalogue.derived)} of them derived",
    ]
    for rule_set in bundle.rule_sets:
        lines.append(
            f"\nrule set {rule_set.name} ({rule_set.timezone}), {len(rule_set.rules)} rules in order:"
        )
        lines += [f"  {_rule_line(rule)}" for rule in rule_set.rules]
        fallback = rule_set.undecided.play
        lines.append(f"  undecided: {f'starts {fallback}' if fallback else 'recorded'}")
    return [*lines, *_gate_lines(bundle)]


def _rule_line(rule: CompiledRule) -> str:
    extra = [
        rule.mode if rule.mode == "observe" else "",
        f"rollout {rule.rollout / 100:g} %" if rule.rollout is not None else "",
        f"from {rule.effective_from}" if rule.effective_from else "",
        f"until {rule.effective_until}" if rule.effective_until else "",
    ]
    said = ", ".join(one for one in extra if one)
    return f"{rule.id}: starts {rule.play}{f' ({said})' if said else ''}"


def _gate_lines(bundle: Bundle) -> list[str]:
    gates = [
        *(f"suppress/{one.id}" for one in bundle.suppressions),
        *(f"caps/{one.id}" for one in bundle.policy.caps),
        *(f"holdouts/{one.id}" for one in bundle.policy.holdouts),
        *(f"budgets/{one.id}" for one in bundle.policy.budgets),
    ]
    limit = bundle.policy.max_age
    age = f"max_age {limit.days} days" if limit is not None else "no max_age"
    return ["", f"gates: {', '.join([age, *gates])}"]
