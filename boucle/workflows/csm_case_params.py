"""The parameters of `csm_case`."""

from __future__ import annotations

from pydantic import Field

from boucle.model import TemplateId
from boucle.workflows.case_params import CaseParams
from boucle.workflows.follow_up_params import FollowUp


class CsmCaseParams(CaseParams):
    """Parameters of `csm_case`."""

    acknowledge: TemplateId | None = Field(
        default=None,
        description="The message that tells the customer that somebody will call; none: no message.",
    )
    follow_up: FollowUp | None = Field(
        default=None,
        description="Asking the customer once the case is concluded; none: the owner's word counts.",
    )
