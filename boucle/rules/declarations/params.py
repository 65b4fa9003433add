"""A play's parameters: `with:` checked by the play's own model, each mistake at the value's place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from boucle.errors import Mistake, Place
from boucle.rules.declarations.named_params import named_params
from boucle.rules.strict_yaml.file_mistakes import BadParameter, UnknownThing
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_
from boucle.rules.value import Value
from boucle.rules.worded import did_you_mean, listed, shortened

PlayParams = Mapping[str, type[BaseModel]]
"""Play name → its parameter model, handed in by the edges."""

Known = Mapping[str, frozenset[str]]
"""Kind (`template`, `team`) → the names that the workspace has of it."""

Path = tuple[str | int, ...]


def read_model(
    play: str, model: type[BaseModel], node: Mapping_, known: Known
) -> tuple[BaseModel | None, list[Mistake]]:
    """The parameters as the play's own model holds them, or every mistake in them."""
    text = json.dumps(to_plain(node))
    try:
        params = model.model_validate_json(text, strict=True)
    except ValidationError as error:
        return None, _explain_all(play, model, node, error.errors(include_url=False))
    return params, list(_unknown_names(params, node, known))


def to_plain(node: Node) -> JsonValue:
    """A node as JSON; a decimal as its text, so that no digit is lost."""
    match node:
        case Mapping_():
            plain: dict[str, JsonValue] = {}
            for key, value in node.entries:
                plain.setdefault(key.text, to_plain(value))
            return plain
        case Sequence_():
            return [to_plain(item) for item in node.items]
        case Scalar(value=bool() | int() | None as value):
            return value
        case _:
            return node.text


def _unknown_names(params: BaseModel, node: Mapping_, known: Known) -> Iterator[Mistake]:
    for path, kind, name in named_params(params):
        names = known.get(kind, frozenset())
        if name not in names:
            guess = did_you_mean(name, names)
            yield UnknownThing(
                _follow(node, path).place, kind, shortened(name), guess, listed(sorted(names)) or "none"
            )


# -- from pydantic's errors to ours -------------------------------------------------------------


class _Followed(Value):
    """Where a path leads: the parts that are keys or indexes of the file, and the place."""

    path: Path
    place: Place
    whole: bool


def _follow(node: Node, path: Path) -> _Followed:
    """Follow a path; a part that the file does not have (a union's branch) is passed over."""
    taken: list[str | int] = []
    place = node.place
    for part in path:
        below = _below(node, part)
        if below is not None:
            node, place = below
            taken.append(part)
    return _Followed(tuple(taken), place, len(taken) == len(path))


def _below(node: Node, part: str | int) -> tuple[Node, Place] | None:
    if isinstance(node, Mapping_):
        value = node.find(str(part))
        return (value, value.place) if value is not None else None
    if isinstance(node, Sequence_) and isinstance(part, int) and part < len(node.items):
        return node.items[part], node.items[part].place
    return None


def _explain_all(
    play: str, model: type[BaseModel], node: Mapping_, errors: Sequence[ErrorDetails]
) -> list[Mistake]:
    """One mistake for each place; of a union's branches, those that come furthest speak."""
    traced = [(error, _trace(node, error)) for error in errors]
    said: dict[Path, tuple[Place, list[str]]] = {}
    for error, followed in traced:
        if _is_outrun(followed, [other for _, other in traced]):
            continue
        path = followed.path
        place = _key_place(node, path) if error["type"] == "extra_forbidden" else followed.place
        words = said.setdefault(path, (place, []))[1]
        text = _word(error, path, model)
        text = text.removeprefix(f"'{_dotted(path)}' takes ") if words else text
        words.extend([text] if text not in words else [])
    return [BadParameter(place, play, ", or ".join(words)) for place, words in said.values()]


def _trace(node: Node, error: ErrorDetails) -> _Followed:
    """Where an error lies; a missing key is reached though the file does not have it."""
    followed = _follow(node, error["loc"])
    if error["type"] != "missing":
        return followed
    return _Followed((*followed.path, error["loc"][-1]), followed.place, whole=True)


def _is_outrun(followed: _Followed, others: Sequence[_Followed]) -> bool:
    """Whether another branch of the same union came further."""
    path = followed.path
    further = (other.path for other in others if len(other.path) > len(path))
    return not followed.whole and any(other[: len(path)] == path for other in further)


def _key_place(node: Node, path: Path) -> Place:
    """The place of the key itself that a path ends with."""
    followed = _follow(node, path)
    for part in followed.path[:-1]:
        below = _below(node, part)
        node = below[0] if below else node
    key = node.find_key(str(followed.path[-1])) if isinstance(node, Mapping_) and followed.path else None
    return key.place if key else followed.place


_TYPES = {
    "int": "a whole number", "string": "text", "bool": "true or false", "list": "a list",
    "tuple": "a list", "dict": "a mapping", "float": "a number", "decimal": "a number",
    "Duration": "a duration such as 24h, 14 days or 5 business days", "Money": "an amount such as 15.00 EUR",
}  # fmt: skip


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "with"


def _word(error: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    key = _dotted(path)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"'{key}' is missing"
    if kind == "extra_forbidden":
        guess = did_you_mean(key, model.model_fields) if len(path) == 1 else ""
        return f"it takes no '{shortened(key)}'{guess}"
    if kind == "model_type":
        return f"'{key}' takes {_TYPES.get(str(context.get('class_name')), 'a mapping of keys and values')}"
    if "expected" in context:
        return f"'{key}' takes {context['expected']}"
    return f"'{key}': {_word_value(error)}"


def _word_value(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return f"'{shortened(str(error['input']))}' takes lower-case letters, digits and '-' only"
    named = _TYPES.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if named:
        return f"it takes {named}"
    text = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return shortened(text) if len(text) > _LONGEST else text


_LONGEST = 300
