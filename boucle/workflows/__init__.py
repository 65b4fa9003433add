"""The one list of plays: what a rule's `start:` may name, and the parameters of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from boucle.workflows.apologize_with_offer import ApologizeWithOffer, ApologizeWithOfferParams
from boucle.workflows.csm_case import CsmCase, CsmCaseParams
from boucle.workflows.escalate import Escalate, EscalateParams
from boucle.workflows.play import Play


@dataclass(frozen=True)
class KnownPlay:
    """A play: the workflow class that runs it, and the model that its parameters must fit."""

    workflow: type[Play]
    params: type[BaseModel]


PLAYS: Mapping[str, KnownPlay] = {
    "apologize_with_offer": KnownPlay(ApologizeWithOffer, ApologizeWithOfferParams),
    "csm_case": KnownPlay(CsmCase, CsmCaseParams),
    "escalate": KnownPlay(Escalate, EscalateParams),
}


def play_params() -> dict[str, type[BaseModel]]:
    """The parameter model of each play, by the play's name."""
    return {name: play.params for name, play in PLAYS.items()}
