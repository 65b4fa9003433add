"""What a rule may say under `with:` where it starts `thank_you`."""

from __future__ import annotations

from pydantic import Field

from boucle.model import Duration, Frozen, SomeTime, TemplateId


class ThankYouParams(Frozen):
    """Parameters of `thank_you`."""

    template: TemplateId = Field(description="The message that thanks the contact.")
    open_for: SomeTime = Field(
        default=Duration(amount=7, unit="days"),
        description="How long the loop stays open for notes of colleagues, and for what the contact answers.",
    )
