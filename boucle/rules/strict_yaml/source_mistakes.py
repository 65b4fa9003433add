"""What can be wrong with a workspace file before anyone asks what it says: the strict YAML reader's."""

from __future__ import annotations

from boucle.rules.worded import Worded


def how_to_quote(line: str) -> str:
    """What to do about a text that needs quotes, as the quotes on its line allow."""
    if "'" not in line:
        return "put the whole text in '…'"
    if '"' not in line:
        return "put the whole text in \"…\", as it is; inside '…' each apostrophe is written twice"
    return "put the whole text in '…', and write each apostrophe inside it twice"


class DuplicateKey(Worded):
    """A key stands twice in one mapping."""

    code = "B004"
    template = "key '{key}' repeats line {first_line}"
    mend = "keep one of the two"

    key: str
    first_line: int


class BadYaml(Worded):
    """YAML that cannot be read, for a reason that has no message of its own."""

    code = "B005"
    template = "this cannot be read as YAML: {problem}"
    mend = "if it is meant as text, put the whole text in '…'"

    problem: str


class UnquotedColon(Worded):
    """A colon and a space inside a text without quotes, as in `title: Détracteur : appel`."""

    code = "B006"
    template = "': ' inside a text without quotes: YAML takes what stands before it for a key"
    mend = "{mended}"

    mended: str


class CutAtHash(Worded):
    """A text without quotes that YAML cuts at ` #`, as in `contains "ticket #12"`."""

    code = "B007"
    template = "YAML cuts this text at ' #': only '{kept}' would be read"
    mend = "{mended}; if a comment was meant, leave a space after the '#'"

    kept: str
    mended: str


class GluedInBraces(Worded):
    """A key inside {…} whose colon no space follows, as in `{team:csm}`."""

    code = "B008"
    template = "inside {{…}} YAML takes '{found}' for a key without a value"
    mend = "put a space after the ':'"

    found: str


class CutInBraces(Worded):
    """A text that YAML cuts at a comma, a colon or a bracket because it stands inside {…} or […]."""

    code = "B008"
    template = "inside {{…}} and […] YAML cuts a text without quotes at '{found}'"
    mend = "put the whole text in '…', or write each key on a line of its own"

    found: str


class TypographicQuotes(Worded):
    """Quotes made by a word processor, which neither YAML nor a condition takes for quotes."""

    code = "B009"
    template = "{found} is a typographic quote; it quotes nothing here"
    mend = "write a straight quote instead; a text that is to show such quotes stands whole in '…'"

    found: str


class NoBreakSpace(Worded):
    """A space that looks like one and is none: U+00A0 or U+202F."""

    code = "B010"
    template = "{found} is a no-break space, not a space"
    mend = "delete it and type an ordinary space"

    found: str


class DecimalComma(Worded):
    """A number with a decimal comma."""

    code = "B012"
    template = "'{found}' has a decimal comma"
    mend = "write {mended}"

    found: str
    mended: str


class TabIndent(Worded):
    """A tab in the indentation."""

    code = "B013"
    template = "a tab stands in the indentation"
    mend = "indent with spaces, two for each level"


class RefusedYaml(Worded):
    """A feature of YAML that hides what a file says: anchors, aliases, merges, tags, directives."""

    code = "B023"
    template = "'{found}': {feature} is not allowed in a workspace file"
    mend = "{mended}; if it is meant as text, put the whole text in '…'"

    found: str
    feature: str
    mended: str = "write the value out"


class SeveralDocuments(Worded):
    """More than one YAML document in a file."""

    code = "B024"
    template = "a second document begins here; a workspace file holds one"
    mend = "put it into a file of its own"


class BadCharacter(Worded):
    """A character that cannot be seen and has no place in a text file."""

    code = "B025"
    template = "the character {found} cannot stand in a workspace file"
    mend = "delete it"

    found: str


class NotUtf8(Worded):
    """A file in another encoding than UTF-8."""

    code = "B026"
    template = "the file is not UTF-8: byte 0x{byte:02x} cannot be read"
    mend = "save it again with the encoding UTF-8"

    byte: int


class TooLarge(Worded):
    """A file beyond the limits of size or depth."""

    code = "B028"
    template = "{what}; the limit is {limit}"
    mend = "split it into several files, or nest less"

    what: str
    limit: str


class EmptyFile(Worded):
    """A file that says nothing."""

    code = "B029"
    template = "the file is empty"
    mend = "begin with the line that says what it is, such as 'boucle: rules/v1'; or delete the file"


class UnclosedQuote(Worded):
    """A quote that never ends."""

    code = "B050"
    template = "the quote that opens here is never closed"
    mend = "close it; inside '…' an apostrophe is written twice"


class TextAfterQuote(Worded):
    """Text after a closing quote, as in `when: "key" in …` or `title: 'it's'`."""

    code = "B051"
    template = "text goes on after the closing quote"
    mend = "{mended}"

    mended: str


class BadIndentation(Worded):
    """A line that is indented as part of something it does not belong to."""

    code = "B052"
    template = "this line's indentation does not fit the lines above it"
    mend = "align it with its neighbours of the same level; each key needs a ':' after it"


class NoColon(Worded):
    """A line that is neither a key with its value nor an item of a list."""

    code = "B053"
    template = "this line is neither 'key: value' nor '- item'"
    mend = "write 'key: value', with a space after the ':'"


class BadEscape(Worded):
    """A backslash in double quotes that begins no escape."""

    code = "B054"
    template = "the backslash here begins no escape that YAML knows"
    mend = "put the text in '…', where a backslash is a backslash"


class BadStart(Worded):
    """A text without quotes that begins with a character YAML keeps for itself."""

    code = "B055"
    template = "a text without quotes cannot begin with '{found}'"
    mend = "{mended}"

    found: str
    mended: str


class UnclosedBracket(Worded):
    """A brace or a bracket that is never closed."""

    code = "B056"
    template = "the '{found}' that opens here is never closed"
    mend = "close it, or write each item on a line of its own"

    found: str


class KeyNotText(Worded):
    """A list or a mapping where a key is expected."""

    code = "B057"
    template = "a key is one word or text, not a list or a mapping"
    mend = "if it is meant as text, put it in '…'"
