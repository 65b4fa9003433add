"""What became of an import of customers, and what is known of them, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from boucle.commands.imports import plain_unlisted, tell_leftovers
from boucle.commands.known import tell_age, tell_origin, tell_value
from boucle.commands.output import counts, local, table
from boucle.engine import privacy
from boucle.engine.customer_lists import count_of, list_contacts, list_merged
from boucle.engine.knowledge import list_known
from boucle.engine.mergers import Merged
from boucle.engine.statements import Stated
from boucle.engine.tables import Contact, Customer
from boucle.intake.statements import StatementBatch

_SHORT = 10


# -- an import ----------------------------------------------------------------------------------


def plain_import(batch: StatementBatch, stated: Stated, written: Path | None) -> dict[str, Any]:
    """What became of an import, for programs."""
    read = batch.counts
    return {
        "rows": read.rows,
        "rows_left_out": read.left_out,
        "skipped": read.skipped,
        "rows_rejected": read.rejected,
        "ambiguous_dates": read.ambiguous,
        "customers": _verdicts(stated, "customer"),
        "contacts": _verdicts(stated, "contact"),
        "facts_changed": _by_name(stated.facts),
        "facts_older": _by_name(stated.older),
        "consent_withdrawn": len(stated.withdrawn),
        "unlisted": plain_unlisted(read.unlisted),
        "unused_columns": batch.unused,
        "rejects": str(written) if written else None,
    }


def _verdicts(stated: Stated, kind: str) -> dict[str, int]:
    every = stated.customers if kind == "customer" else stated.contacts
    new = sum(one == kind for one, _ in stated.new)
    changed = sum(one == kind for one, _ in stated.changed)
    return {"new": new, "changed": changed, "unchanged": len(every) - new - changed}


def _by_name(facts: set[tuple[str, tuple[str, str], str]]) -> dict[str, int]:
    return dict(Counter(name for _, _, name in facts))


def tell_import(batch: StatementBatch, stated: Stated, *, dry_run: bool) -> Iterator[str]:
    """What became of an import, line by line."""
    read = batch.counts
    left_out = f"{read.left_out:,} left out by the map, " if read.left_out else ""
    yield f"{read.rows:,} rows, {left_out}{read.rejected:,} rejected"
    if read.skipped:
        yield f"{read.skipped:,} passed over: blank where the map says that the row says nothing then"
    for kind in ("customer", "contact"):
        of = _verdicts(stated, kind)
        would = "would be: " if dry_run else ""
        yield f"{kind}s: {would}{of['new']:,} new, {of['changed']:,} changed, {of['unchanged']:,} unchanged"
    if stated.facts:
        yield from counts("changed", _by_name(stated.facts))
    if stated.older:
        yield from counts("passed over, since something newer is known", _by_name(stated.older))
    if stated.withdrawn:
        yield f"{len(stated.withdrawn):,} contact(s) may no longer be contacted: no message goes out to them"
    if read.ambiguous:
        yield f"{read.ambiguous:,} rows with a date that can be read two ways, read by the map's rule"
    yield from tell_leftovers(batch, read.unlisted)


# -- records -----------------------------------------------------------------------------------


def bare(name: str) -> str:
    """A fact's name without what it is of: `segment`."""
    return name.partition(".")[2] or name


def plain_record(row: Customer | Contact) -> dict[str, Any]:
    """A record's own columns, as JSON tells them."""
    own = {"id": row.id, "source": row.source, "key": row.key, "first_seen_at": row.first_seen_at}
    tags = {"tags": row.tags} if isinstance(row, Customer) else {}
    return {**own, "facts": row.facts, "sources": row.sources, **tags}


def record(session: Session, row: Customer | Contact) -> dict[str, Any]:
    """All that is known of a record, as JSON tells it."""
    merged = [f"{one.source}/{one.key}" for one in list_merged(session, row)]
    details = {
        **plain_record(row),
        "known": list_known(row),
        "counts": count_of(session, row),
        "merged": merged,
    }
    if isinstance(row, Contact):
        return {**details, "customer": row.customer_id, "person": privacy.find_person(session, row.id)}
    contacts = list_contacts(session, row)
    people = privacy.find_persons(session, [one.id for one in contacts]) if contacts else {}
    own = [{**plain_record(one), "person": people.get(one.id, {})} for one in contacts]
    return {**details, "contacts": own}


def tell_record(details: dict[str, Any], at: datetime) -> Iterator[str]:
    """A record as `record` tells it, line by line."""
    yield f"key       {details['source']}/{details['key']} ({details['id'][:_SHORT]})"
    yield f"since     {local(details['first_seen_at'])}"
    for tag, given in sorted(details.get("tags", {}).items()):
        yield f"tag       {tag}, by rule {given['rule_set']}/{given['rule']}, {given['at'][:10]}"
    if details["merged"]:
        yield f"also      {', '.join(details['merged'])}"
    if "person" in details:
        person = details["person"]
        who = ", ".join(filter(None, (person.name, person.email, person.phone)))
        yield f"contact   {who or 'nothing personal is known'}"
    tally = details["counts"]
    yield f"counts    {tally.responses:,} responses, {tally.loops:,} loops, {tally.open_loops:,} of them open"
    yield ""
    rows = [
        (one.name, tell_value(one.value), tell_origin(one.by, one.source), tell_age(one.at, at))
        for one in details["known"]
    ]
    yield table(("fact", "value", "said", "age"), rows) if rows else "no facts are known"
    if details.get("contacts"):
        yield ""
        yield table(("contact", "id", "name", "facts"), [_contact_row(one) for one in details["contacts"]])


def _contact_row(one: dict[str, Any]) -> tuple[str, ...]:
    known = "; ".join(f"{bare(name)} {tell_value(value)}" for name, value in sorted(one["facts"].items()))
    return f"{one['source']}/{one['key']}", one["id"][:_SHORT], one["person"].get("name", ""), known


def tell_merged(merged: Merged) -> str:
    """What was merged, and what was moved."""
    moved = ", ".join(f"{count:,} {name}" for name, count in merged.moved.items()) or "nothing"
    lines = [f"{merged.kind} {merged.gone[:_SHORT]} is {merged.into[:_SHORT]} now; moved: {moved}"]
    if len(merged.open_loops) > 1:
        lines.append(f"{len(merged.open_loops):,} open loops came with it")
    return "\n".join(lines)
