"""The one list of plays: what a rule's `start:` may name, and the parameters of each.

Temporal's sandbox runs this file anew for every loop, so it imports nothing until it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from boucle.workflows.play import Play


class KnownPlay(NamedTuple):
    """A play: the workflow class that runs it, and the model that its parameters must fit."""

    workflow: type[Play]
    params: type[BaseModel]


def list_plays() -> Mapping[str, KnownPlay]:
    """Every play by its name."""
    from boucle.workflows import (  # noqa: PLC0415 see the module
        apologize_with_offer,
        apologize_with_offer_params,
        csm_case,
        csm_case_params,
        escalate,
        escalate_params,
    )

    return {
        "apologize_with_offer": KnownPlay(
            apologize_with_offer.ApologizeWithOffer, apologize_with_offer_params.ApologizeWithOfferParams
        ),
        "csm_case": KnownPlay(csm_case.CsmCase, csm_case_params.CsmCaseParams),
        "escalate": KnownPlay(escalate.Escalate, escalate_params.EscalateParams),
    }


def play_params() -> dict[str, type[BaseModel]]:
    """The parameter model of each play, by the play's name."""
    return {name: play.params for name, play in list_plays().items()}
