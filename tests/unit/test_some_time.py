"""What leaves nobody time to act is refused in a play's parameters."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from boucle.workflows.csm_case_params import CsmCaseParams
from boucle.workflows.escalate_params import EscalateParams


@pytest.mark.parametrize("clock", ["first_contact_within", "close_within"])
@pytest.mark.parametrize("params", [CsmCaseParams, EscalateParams])
def test_a_clock_that_is_over_at_once_is_refused(
    params: type[CsmCaseParams | EscalateParams], clock: str
) -> None:
    with pytest.raises(ValidationError, match="0h is no time at all; write at least 1"):
        params.model_validate({"team": "csm", clock: "0h"})


def test_a_clock_of_a_minute_is_taken() -> None:
    params = EscalateParams.model_validate({"team": "csm", "first_contact_within": "1m"})
    assert str(params.first_contact_within) == "1m"
