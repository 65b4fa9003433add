"""The JSON Schemas of import maps and of maps of customers."""

from __future__ import annotations

from collections.abc import Collection

from boucle.intake.customers_map import KEYS as CUSTOMER_KEYS
from boucle.intake.customers_map import VERSION as CUSTOMERS
from boucle.intake.customers_map import party_of
from boucle.intake.encodings import CODECS, LANGUAGES
from boucle.intake.map_dates import WHEN_KEYS
from boucle.intake.map_feeds import FEED_KEYS
from boucle.intake.map_file import COMMENT_KEYS, KEYS, PERSON_KEYS, VERSION
from boucle.intake.map_layout import DECIMALS, DELIMITERS, ENCODING_KEYS, FILE_KEYS, NUMBER_KEYS, THOUSANDS
from boucle.rules.writing.schema_parts import (
    ANY_SCALAR,
    TEXT,
    Names,
    Properties,
    Schema,
    any_case,
    entries,
    mapping,
    one_of,
    told,
    whole_file,
    zone,
)

_ONE_OR_MORE: Schema = {"anyOf": [ANY_SCALAR, {"type": "array", "items": ANY_SCALAR, "minItems": 1}]}
_BLANK_CHOICE = one_of(["unknown", "skip"])
_BLANK = told("What a response with a blank cell is: one with an unknown fact, or none.", _BLANK_CHOICE)
_MISSING = told("Cells that stand for no answer.", _ONE_OR_MORE)


def map_schema(names: Names) -> Schema:
    """How the columns of a survey file become responses; its facts are those of the workspace."""
    said = {**_rows(), **_people(), **_content(names)}
    file = mapping(_ordered(said, KEYS[1:]), ["source", "responded_at"])
    some = [
        {"anyOf": [{"required": [one]}, {"required": [other]}]}
        for one, other in (("id", "group_by"), ("facts", "comments"))
    ]
    return whole_file("map", VERSION, {**file, "allOf": some})


def customers_schema(names: Names) -> Schema:
    """How the columns of a file become what is known of customers; its facts are those of the workspace."""
    rows, sent = _rows(), _find_sent(names)
    facts = [name for name in sent if party_of(name)]
    said = {
        **{key: rows[key] for key in ("source", "file", "numbers", "missing", "only")},
        "said_by": _column("Who keeps the file, as its facts will name it."),
        "blank": told("What a row with a blank cell is: one that does not say it, or none.", _BLANK_CHOICE),
        **_people(),
        "as_of": told("Since when what a row says is so.", _when()),
        "facts": _fed(facts),
    }
    file = mapping(_ordered(said, CUSTOMER_KEYS[1:]), ["source"])
    some = [
        {"anyOf": [{"required": [one]}, {"required": [other]}]}
        for one, other in (("customer", "contact"), ("facts", "person"))
    ]
    return whole_file("customers", CUSTOMERS, {**file, "allOf": some})


def _ordered(said: Properties, keys: Collection[str]) -> dict[str, Schema]:
    return {key: said[key] for key in keys}


def _column(doc: str) -> Schema:
    return told(doc, ANY_SCALAR)


def _rows() -> dict[str, Schema]:
    """Where the rows come from, and which of them count."""
    only = entries(_ONE_OR_MORE)
    return {
        "source": told("Where the file comes from.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}),
        "file": told("How the file is written.", _file()),
        "numbers": told("How numbers are written.", _numbers()),
        "missing": _MISSING,
        "blank": _BLANK,
        "only": told("Only rows with these values, by column.", only),
        "id": told("The columns that tell one response from another.", _ONE_OR_MORE),
        "id_prefix": _column("What is put before the id."),
        "group_by": told("The columns whose rows are one response.", _ONE_OR_MORE),
        "responded_at": told("When a response was given.", _when()),
    }


def _people() -> dict[str, Schema]:
    columns = {key: _column(f"The column of the {key}.") for key in PERSON_KEYS}
    return {
        "customer": _column("The column of the customer's key."),
        "contact": _column("The column of the contact's key."),
        "person": told("Columns of what is personal.", mapping(columns)),
    }


def _content(names: Names) -> dict[str, Schema]:
    comment: Schema = {"if": {"type": "object"}, "then": _comment(), "else": ANY_SCALAR}
    return {
        "facts": _fed(_find_sent(names)),
        "comments": told(
            "The columns of comments.",
            {"if": {"type": "array"}, "then": {"items": comment}, "else": comment},
        ),
    }


def _find_sent(names: Names) -> list[str]:
    """The facts that a file can say; none where no workspace is at hand."""
    return sorted(name for name, fact in names.facts.items() if not fact.derived) if names.facts else []


def _fed(facts: list[str]) -> Schema:
    feed: Schema = {"if": {"type": "object"}, "then": _feed(), "else": ANY_SCALAR}
    fed = mapping(dict.fromkeys(facts, feed)) if facts else entries(feed)
    return told("What feeds each fact: a column, or a mapping that says more.", fed)


def _file() -> Schema:
    names = {"type": "string", "pattern": f"^({any_case(CODECS)})$", "examples": sorted(CODECS)}
    several = {
        "any_of": told(
            "The encodings that occur in the file.", {"anyOf": [names, {"type": "array", "items": names}]}
        ),
        "language": told("The language whose letters decide.", one_of(LANGUAGES)),
    }
    one_or_several: Schema = {
        "if": {"type": "object"},
        "then": mapping(_ordered(several, ENCODING_KEYS), ENCODING_KEYS),
        "else": names,
    }
    said = {
        "delimiter": told("What stands between cells.", one_of(DELIMITERS)),
        "encoding": told("How letters are written as bytes.", one_or_several),
        "header_row": told("The row of the column names.", _count(1)),
        "skip_after_header": told("How many rows after it are no answers.", _count(0)),
        "sheet": _column("The sheet of a workbook."),
    }
    return mapping(_ordered(said, FILE_KEYS))


def _count(least: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": 1_000}


def _numbers() -> Schema:
    said = {
        "decimal": told("The decimal sign.", one_of(DECIMALS)),
        "thousands": told("The sign between thousands.", one_of(THOUSANDS)),
    }
    return mapping(_ordered(said, NUMBER_KEYS))


def _when() -> Schema:
    said = {
        "column": _column("The column of the date."),
        "format": told("The forms of its dates.", _ONE_OR_MORE),
        "by": _column("The column whose value chooses among 'formats'."),
        "formats": told("The forms of dates, by the value of the column 'by'.", entries(_ONE_OR_MORE)),
        "zone": told("The zone of the file's dates.", zone()),
        "order": told("How a date that reads two ways is taken.", one_of(["rule", "known"])),
        "stated": told("One instant for all, where the file has no dates.", TEXT),
    }
    either = [{"required": ["column"]}, {"required": ["stated"]}]
    return {
        **mapping(_ordered(said, WHEN_KEYS)),
        "oneOf": either,
        "dependentRequired": {"by": ["formats"], "formats": ["by"]},
    }


def _feed() -> Schema:
    said = {
        "column": _column("The column that feeds it."),
        "constant": _column("One value for every response."),
        "values": told("What each cell stands for.", entries(ANY_SCALAR)),
        "unlisted": told("What a cell outside 'values' is.", one_of(["reject", "unknown", "keep"])),
        "reverse": told("The scale whose ends change places, such as 1..5.", {
            "type": "string", "pattern": r"^-?[0-9]{1,6}\.\.-?[0-9]{1,6}$",
        }),
        "missing": _MISSING,
        "blank": _BLANK,
        "format": told("The forms of its dates.", _ONE_OR_MORE),
        "zone": told("The zone of its dates.", zone()),
        "separator": _column("What stands between the members of a set."),
    }  # fmt: skip
    either = [{"required": ["column"]}, {"required": ["constant"]}]
    return {**mapping(_ordered(said, FEED_KEYS)), "oneOf": either}


def _comment() -> Schema:
    said = {
        "column": _column("The column of the comments."),
        "question": _column("The question that they answer."),
        "question_column": _column("The column of the question."),
        "missing": _MISSING,
    }
    return mapping(_ordered(said, COMMENT_KEYS), ["column"])
