"""The parameters of `acknowledge`."""

from __future__ import annotations

from pydantic import Field

from boucle.model import Frozen, TemplateId


class AcknowledgeParams(Frozen):
    """Parameters of `acknowledge`."""

    template: TemplateId = Field(description="The thanks.")
