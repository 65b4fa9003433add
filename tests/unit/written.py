"""Workspaces compiled from their texts, as a user writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel

from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.workspace import load


class TeamParams(BaseModel):
    team: str


PLAYS: Mapping[str, type[BaseModel]] = {"csm_case": TeamParams, "escalate": TeamParams}

ALWAYS: Mapping[str, FactValue] = {
    "response.age_days": 1,
    "response.known_customer": True,
    "comment.length": 0,
}
"""The derived facts that the engine gives with every response."""


def compile_texts(facts: str, policy: str, *rules: str) -> Bundle:
    """The bundle of a workspace, its rule files named 0.yaml, 1.yaml and so on."""
    texts = {"facts.yaml": facts, "policy.yaml": policy}
    texts |= {f"rules/{number}.yaml": text for number, text in enumerate(rules)}
    workspace, mistakes = load(texts, PLAYS, {}, today=date(2026, 3, 1))
    assert workspace is not None, mistakes
    return compile_workspace(workspace)
