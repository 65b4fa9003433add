"""Bundles as rows: kept when first used, so that every decision can be replayed from its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from boucle.engine.tables import BundleRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.rules.bundle import Bundle


def store(session: Session, bundle: Bundle, at: datetime) -> None:
    """Keep a bundle under its digest; nothing where it is there."""
    if session.get(BundleRow, bundle.digest) is not None:
        return
    row = BundleRow(
        digest=bundle.digest, body=bundle.canonical(), sources=dict(bundle.sources), first_used_at=at
    )
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(BundleRow).values(row.model_dump()).on_conflict_do_nothing())


def load(session: Session, digest: str) -> Bundle:
    """The bundle of that digest; NotFoundError, or BundleError where it is not what its name says."""
    row = session.get(BundleRow, digest)
    if row is None:
        raise NotFoundError("bundle", digest)
    return Bundle.from_canonical(row.body, row.digest, row.sources)


def find_digest(session: Session, prefix: str) -> str:
    """The digest of the one bundle that begins so; NotFoundError, or AmbiguousError where several do."""
    wanted = prefix.lower()
    if not wanted or not set(wanted) <= set("0123456789abcdef"):
        raise NotFoundError("bundle", prefix)
    found = session.exec(
        select(BundleRow.digest).where(col(BundleRow.digest).startswith(wanted)).limit(10)
    ).all()
    if not found:
        raise NotFoundError("bundle", prefix)
    if len(found) > 1:
        raise AmbiguousError("bundle", prefix, len(found))
    return found[0]
