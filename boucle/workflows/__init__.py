"""The one list of plays: what a rule's `start:` may name, and the parameters of each.

Temporal's sandbox runs this file anew for every loop of a package's play, so it imports nothing until it
is asked.
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
        acknowledge,
        apologize_with_offer,
        ask_follow_up,
        csm_case,
        escalate,
        invite_promoter,
        sequence,
    )

    workflows: Mapping[str, type[Play]] = {
        "apologize_with_offer": apologize_with_offer.ApologizeWithOffer,
        "csm_case": csm_case.CsmCase,
        "escalate": escalate.Escalate,
        "invite_promoter": invite_promoter.InvitePromoter,
        "ask_follow_up": ask_follow_up.AskFollowUp,
        "acknowledge": acknowledge.Acknowledge,
        "sequence": sequence.Sequence,
    }
    return {name: KnownPlay(workflows[name], params) for name, params in play_params().items()}


def play_params() -> dict[str, type[BaseModel]]:
    """The parameter model of each play, by the play's name; no workflow is loaded for it."""
    from boucle.workflows import (  # noqa: PLC0415 see the module
        acknowledge_params,
        apologize_with_offer_params,
        ask_follow_up_params,
        csm_case_params,
        escalate_params,
        invite_promoter_params,
        sequence_params,
    )

    return {
        "apologize_with_offer": apologize_with_offer_params.ApologizeWithOfferParams,
        "csm_case": csm_case_params.CsmCaseParams,
        "escalate": escalate_params.EscalateParams,
        "invite_promoter": invite_promoter_params.InvitePromoterParams,
        "ask_follow_up": ask_follow_up_params.AskFollowUpParams,
        "acknowledge": acknowledge_params.AcknowledgeParams,
        "sequence": sequence_params.SequenceParams,
    }
