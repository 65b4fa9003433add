"""Customers and contacts looked up and listed; nothing is locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, or_, select

from boucle.engine.customers import Party
from boucle.engine.privacy import CONTACT
from boucle.engine.tables import Contact, Customer, LoopRow, Personal, ResponseRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import LoopState


@dataclass(frozen=True)
class Tally:
    """How much there is of a customer or contact."""

    responses: int
    loops: int
    open_loops: int


def find_party(session: Session, model: type[Party], name: str) -> Party:
    """The record by its id or as much of it as is needed, by `source/key`, or by its key alone.

    NotFoundError; AmbiguousError where several fit. A record that was merged is found as it is.
    """
    source, _, key = name.partition("/")
    by_key = or_(
        col(model.key) == name, (col(model.source) == source) & (col(model.key) == key), col(model.id) == name
    )
    kind = str(model.__tablename__)
    for fits in (by_key, col(model.id).startswith(name, autoescape=True)):
        found = session.exec(select(model).where(fits).order_by(col(model.id)).limit(10)).all()
        if len(found) > 1:
            raise AmbiguousError(kind, name, len(found))
        if found:
            return found[0]
    raise NotFoundError(kind, name)


def is_about(text: str) -> ColumnElement[bool]:
    """Of loops: whether `text` is part of the name, address, number or key of whom they are about.

    The case of letters doesn't matter; on SQLite only that of the 26 of English.
    """
    personal = select(Personal.subject).where(
        Personal.scope == CONTACT, col(Personal.value).icontains(text, autoescape=True)
    )
    contacts = select(Contact.id).where(col(Contact.key).icontains(text, autoescape=True))
    customers = select(Customer.id).where(col(Customer.key).icontains(text, autoescape=True))
    return or_(
        col(LoopRow.contact_id).in_(personal),
        col(LoopRow.contact_id).in_(contacts),
        col(LoopRow.customer_id).in_(customers),
    )


def follow(session: Session, row: Party) -> Party:
    """The record that goes on for this one: mostly itself."""
    return session.get_one(type(row), row.merged_into) if row.merged_into else row


def list_customers(session: Session, *, source: str | None = None, limit: int = 100) -> Sequence[Customer]:
    """Customers that go on, by source and key."""
    query = select(Customer).where(col(Customer.merged_into).is_(None))
    if source:
        query = query.where(Customer.source == source)
    return session.exec(query.order_by(col(Customer.source), col(Customer.key)).limit(limit)).all()


def list_contacts(session: Session, customer: Customer) -> Sequence[Contact]:
    """The customer's contacts that go on, by key."""
    query = select(Contact).where(Contact.customer_id == customer.id, col(Contact.merged_into).is_(None))
    return session.exec(query.order_by(col(Contact.key))).all()


def list_merged(session: Session, row: Party) -> Sequence[Party]:
    """The records that were merged into this one."""
    model = type(row)
    return session.exec(select(model).where(model.merged_into == row.id).order_by(col(model.key))).all()


def count_of(session: Session, row: Customer | Contact) -> Tally:
    """How many responses and loops name the record."""
    of_response = ResponseRow.customer_id if isinstance(row, Customer) else ResponseRow.contact_id
    of_loop = LoopRow.customer_id if isinstance(row, Customer) else LoopRow.contact_id
    loops = select(func.count()).select_from(LoopRow).where(of_loop == row.id)
    return Tally(
        session.exec(select(func.count()).select_from(ResponseRow).where(of_response == row.id)).one(),
        session.exec(loops).one(),
        session.exec(loops.where(LoopRow.state != LoopState.CLOSED)).one(),
    )
