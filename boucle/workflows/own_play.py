"""What a package of yours says of a play that it brings: light, so that checking rules loads no workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel


@dataclass(frozen=True, kw_only=True)
class OwnPlay:
    """A play of an installed package; its name is that of its entry point in the group `boucle.plays`.

    `params` is the model that `with:` must fit. `workflow` says where the class is, `package.module:Class`:
    only workers load it. By language (`en`, `fr`): `called` is how people name the play ("a thank-you"),
    `told` what it does, with the parameters' names in braces ("the contact gets “{template}”").
    """

    params: type[BaseModel]
    workflow: str
    called: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
