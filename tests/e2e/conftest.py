"""The product on a workspace of its own, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, product


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Product]:
    """A workspace as `boucle init` makes it; what was started on it is gone in the end."""
    workspace = tmp_path / "workspace"
    Product(tmp_path).run("init", str(workspace))
    with product(workspace, {}) as made:
        yield made
