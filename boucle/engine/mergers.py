"""Two records of one customer, or of one contact, made one: the record that goes on takes over everything.

Responses, loops, caps and whatever else names the other record name the one that goes on since; the other
one stays, leads to it, and keeps what it knew. The ledger says what was moved, so that it can be undone.

Order of locks: the gate that intakes pass, the records by id, their loops by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Column, Table, update
from sqlmodel import Session, SQLModel, col, or_, select

from boucle.engine import holding, knowledge, ledger, loops, privacy, withdrawals
from boucle.engine.canonical import canonical
from boucle.engine.customers import Party, hold_persons, pass_gate
from boucle.engine.knowledge import CUSTOMER, Origin
from boucle.engine.tables import Contact, Customer, LoopRow, Personal, ReservationRow
from boucle.errors import RefusedError
from boucle.model import LoopState, Person


@dataclass(frozen=True)
class Merged:
    """What was made one: both ids, how many rows were moved by `table.column`, the open loops among them."""

    kind: str
    gone: str
    into: str
    moved: Mapping[str, int] = field(default_factory=dict)
    open_loops: tuple[str, ...] = ()


def merge(
    session: Session,
    model: type[Party],
    gone: str,
    into: str,
    *,
    actor: str,
    at: datetime,
    text: str | None = None,
) -> Merged:
    """Let the record `into` go on for the record `gone`; RefusedError where that makes no sense.

    A contact who refused under one record has refused under both: the open loops end.
    """
    pass_gate(session, alone=True)
    rows = _hold(session, model, gone, into)
    from_, to = rows[gone], rows[into]
    _require_sense(from_, to)
    moving = [loop for loop in _hold_loops(session, model, (gone, into)) if gone in _names(loop)]
    refused = isinstance(to, Contact) and withdrawals.is_withdrawn(to)
    before: dict[str, JsonValue] = {"facts": {**to.facts}, "sources": {**to.sources}}
    if isinstance(from_, Contact) and isinstance(to, Contact):
        before |= {"customer": to.customer_id, **_merge_contacts(session, from_, to)}
    _merge_facts(from_, to)
    session.flush()
    moved = dict(_move(session, model, gone, into))
    holding.forget(session)
    for row in rows.values():
        if gone in {row.merged_into, row.id}:
            row.merged_into = into
    merged = Merged(
        str(model.__tablename__),
        gone,
        into,
        {name: len(keys) for name, keys in moved.items()},
        tuple(loop.id for loop in moving if loop.state != LoopState.CLOSED),
    )
    _record(session, merged, moved, before, text, actor, at)
    if isinstance(to, Contact) and withdrawals.is_withdrawn(to) and not refused:
        withdrawals.end_loops(session, [into], cause="consent", at=at, actor=actor)
    return merged


def _hold(session: Session, model: type[Party], gone: str, into: str) -> dict[str, Party]:
    """Both records and those merged into `gone`, locked in the order of their ids."""
    query = (
        select(model)
        .where(or_(col(model.id).in_([gone, into]), col(model.merged_into) == gone))
        .order_by(col(model.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.exec(query)}


def _require_sense(from_: Customer | Contact, to: Customer | Contact) -> None:
    if from_.id == to.id:
        raise RefusedError("same_record", "both names lead to one record; there is nothing to merge")
    for row in (from_, to):
        if row.merged_into is not None:
            text = f"{row.source}/{row.key} was merged into {row.merged_into} before; name that one"
            raise RefusedError("already_merged", text)


def _hold_loops(session: Session, model: type[Party], ids: Sequence[str]) -> Sequence[LoopRow]:
    column = LoopRow.customer_id if model is Customer else LoopRow.contact_id
    query = select(LoopRow).where(col(column).in_(ids)).order_by(col(LoopRow.id)).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def _names(loop: LoopRow) -> tuple[str | None, str | None]:
    return loop.customer_id, loop.contact_id


# -- what is known ------------------------------------------------------------------------------


def _merge_facts(from_: Customer | Contact, to: Customer | Contact) -> None:
    """Of each fact the newer statement, whoever's record it was said of."""
    for name, entry in from_.sources.items():
        if "." in name:
            knowledge.learn(to, {name: from_.facts.get(name)}, _origin(entry))
    if isinstance(from_, Customer) and isinstance(to, Customer):
        to.tags = {**from_.tags, **to.tags}
    to.first_seen_at = min(to.first_seen_at, from_.first_seen_at)


def _merge_contacts(session: Session, from_: Contact, to: Contact) -> dict[str, JsonValue]:
    """Whose contact it is, and their own data; what was known of these before, of both.

    The data of the record that is gone are kept nowhere else: erasing the one that goes on erases them.
    """
    held = hold_persons(session, sorted((from_.id, to.id)))
    before: dict[str, JsonValue] = {"person": {**held[to.id].values}, "gone": {**held[from_.id].values}}
    if from_.customer_id and _newer(from_, to, CUSTOMER):
        to.customer_id = from_.customer_id
        to.sources = {**to.sources, CUSTOMER: from_.sources[CUSTOMER]}
    for name, value in held[from_.id].values.items():
        entry = from_.sources.get(name)
        origin = _origin(entry) if entry else Origin("import", from_.source, from_.id, from_.updated_at)
        knowledge.learn_person(to, held[to.id], Person.model_validate({name: value}), origin)
    knowledge.write_persons(session, {to.id: held[to.id]})
    privacy.forget_person(session, from_.id)
    return before


def _newer(from_: Contact, to: Contact, name: str) -> bool:
    theirs, ours = from_.sources.get(name), to.sources.get(name)
    return bool(theirs and (ours is None or theirs["at"] > ours["at"]))


def _origin(entry: Mapping[str, str]) -> Origin:
    by = "response" if entry["by"] == "response" else "import"
    return Origin(by, entry["source"], entry["ref"], datetime.fromisoformat(entry["at"]))  # type: ignore[arg-type]  # one of the two


# -- what names them ----------------------------------------------------------------------------


def _move(session: Session, model: type[Party], gone: str, into: str) -> Iterator[tuple[str, list[str]]]:
    """Let everything that names `gone` name `into`; of each column the keys of the rows that were moved."""
    for table, column in _naming(model):
        keys = [*table.primary_key.columns]
        rows = session.execute(select(*keys).where(column == gone)).all()
        if rows:
            session.execute(update(table).where(column == gone).values({column.name: into}))
            yield f"{table.name}.{column.name}", sorted({"/".join(map(str, row)) for row in rows})
    if model is Contact:
        _move_personal(session, gone, into)
    session.expire_all()


def _naming(model: type[Party]) -> Iterator[tuple[Table, Column[Any]]]:
    """Every column that names a customer, or a contact; that of merged records aside."""
    target = f"{model.__tablename__}.id"
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            names = any(key.target_fullname == target for key in column.foreign_keys)
            if names and column.name != "merged_into":
                yield table, column
    reservations = SQLModel.metadata.tables[str(ReservationRow.__tablename__)]
    yield reservations, reservations.columns["party"]


def _move_personal(session: Session, gone: str, into: str) -> None:
    """What the person wrote is erased with the record that goes on; the old name and address stay apart."""
    session.execute(
        update(Personal)
        .where(col(Personal.subject) == gone, col(Personal.scope) != privacy.CONTACT)
        .values(subject=into)
    )


def _record(
    session: Session,
    merged: Merged,
    moved: Mapping[str, Sequence[str]],
    before: Mapping[str, JsonValue],
    text: str | None,
    actor: str,
    at: datetime,
) -> None:
    both: dict[str, JsonValue] = {"kind": merged.kind, "from": merged.gone, "into": merged.into}
    personal = {"before": canonical(before), **({"text": text} if text else {})}
    ledger.append(
        session,
        ledger.customer_chain(merged.into),
        "customer.merged",
        at=at,
        actor=actor,
        payload={**both, "moved": {name: [*keys] for name, keys in moved.items()}},
        personal=personal,
        subject=merged.into,
    )
    for loop_id in merged.open_loops:
        loop = session.get_one(LoopRow, loop_id)
        loops.append(session, loop, "loop.moved", at=at, actor=actor, payload=both)
