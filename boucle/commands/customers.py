"""`boucle customers`: who pays and who answers, what is known of them, and since when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.imports import RejectsOption
from boucle.commands.options import (
    ActorOption,
    FileArgument,
    FormatOption,
    ImporterOption,
    LimitOption,
    WorkspaceOption,
)
from boucle.commands.output import now, say, show, table

if TYPE_CHECKING:
    from boucle.engine.tables import Contact, Customer

ContactFlag = Annotated[bool, typer.Option("--contact", help="It is a contact, not a customer.")]
_SHORT = 10


def import_(
    file: FileArgument,
    *,
    map_: Annotated[Path, typer.Option("--map", help="The map of customers for this file.", dir_okay=False)],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Since when the file's facts are so, where its map does not say it; without it, "
            "since this file was first imported.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; touch nothing.")] = False,
    rejects: RejectsOption = None,
    actor: ImporterOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take up what a file says of customers and contacts: new ones are added, known ones brought up to date.

    Each fact keeps who said it and since when; what is older than what is known changes nothing. A row
    with a wrong cell is refused whole. The same file again changes nothing.
    """
    from boucle.commands import stating
    from boucle.commands.acting import read_instant
    from boucle.commands.customer_words import plain_import, tell_import
    from boucle.commands.imports import say_rejections, write_rejected
    from boucle.commands.in_force import find_for_trial
    from boucle.commands.opening import get_settings, login_name, open_database

    settings, began = get_settings(workspace), now()
    wanted = stating.open_map(file, map_, actor or login_name())
    catalogue = find_for_trial(settings).catalogue
    database = stating.find_database(settings) if dry_run else open_database(settings)
    try:
        said_at = stating.date_of(wanted, database, read_instant(as_of) if as_of else None, began)
        batch = stating.read_file(wanted, catalogue, said_at)
        if dry_run or database is None:
            stated, written = stating.rehearse(settings, wanted, batch), None
        else:
            stated = stating.take_in(database, wanted, batch, began)
            written = write_rejected(batch, rejects or Path(f"{file.stem}.rejected.csv"))
    finally:
        if database is not None:
            database.dispose()
    show(
        plain_import(batch, stated, written),
        lambda: "\n".join(tell_import(batch, stated, dry_run=dry_run)),
        format_,
    )
    say_rejections(batch, written)


def list_(
    *,
    source: Annotated[str | None, typer.Option(help="Only customers whose keys are this source's.")] = None,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List customers with what is known of them, by source and key."""
    from boucle.commands.customer_words import bare, plain_record
    from boucle.commands.known import tell_value
    from boucle.commands.opening import opened
    from boucle.engine.customer_lists import list_customers

    with opened(workspace) as here, here.database.reading() as session:
        rows = list_customers(session, source=source, limit=limit)
        cells = [
            (
                f"{row.source}/{row.key}",
                row.id[:_SHORT],
                "; ".join(f"{bare(name)} {tell_value(value)}" for name, value in sorted(row.facts.items())),
                row.first_seen_at,
            )
            for row in rows
        ]
        text = table(("customer", "id", "known", "first heard of"), cells) if cells else "no customers"
        show([plain_record(row) for row in rows], text, format_)


def show_(
    customer: Annotated[
        str, typer.Argument(help="The key, SOURCE/KEY, or the id or as much of it as is needed.")
    ],
    *,
    contact: ContactFlag = False,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Show what is known of one customer or contact: each fact, who said it, and how old it is."""
    from boucle.commands.customer_words import record, tell_record
    from boucle.commands.opening import opened
    from boucle.engine.customer_lists import find_party, follow
    from boucle.engine.tables import Contact, Customer

    model: type[Customer | Contact] = Contact if contact else Customer
    with opened(workspace) as here, here.database.reading() as session:
        found: Customer | Contact = find_party(session, model, customer)
        row = follow(session, found)
        if row.id != found.id:
            say(f"{found.source}/{found.key} was merged into {row.source}/{row.key}")
        details = record(session, row)
        show(details, lambda: "\n".join(tell_record(details, now())), format_)


def merge(
    gone: Annotated[str, typer.Argument(help="The record that is given up.")],
    into: Annotated[str, typer.Argument(help="The record that goes on for both.")],
    *,
    contact: Annotated[bool, typer.Option("--contact", help="They are contacts, not customers.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why they are one.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Make two records of one customer or contact one: its history, caps and open loops count together.

    Later responses that name the old key land on the record that goes on. The ledger keeps what was moved.
    """
    from boucle.commands.customer_words import tell_merged
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import mergers
    from boucle.engine.customer_lists import find_party
    from boucle.engine.tables import Contact, Customer

    with opened(workspace) as here, here.database.session() as session:
        who = get_actor(here.settings, actor)
        model: type[Customer | Contact] = Contact if contact else Customer
        ids = [find_party(session, model, name).id for name in (gone, into)]
        merged = mergers.merge(session, model, *ids, actor=who, at=now(), text=reason)
        session.commit()
    show(merged, lambda: tell_merged(merged), format_)
