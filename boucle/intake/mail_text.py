"""The text of a mail: all of it as plain text, and what its sender wrote anew, without what they quote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import EmailMessage
from html.parser import HTMLParser

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{3,}")
_SKIPPED = frozenset({"script", "style", "head", "title"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3"})

_INTRODUCTION = re.compile(
    r"^\s*(on\b.*\bwrote|le\b.*\ba [ée]crit|am\b.*\bschrieb.*|el\b.*\bescribi[óo]|il\b.*\bha scritto)"
    r"\s*:\s*$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^\s*(-{2,}\s*(original message|message d.origine|message original|urspr[üu]ngliche nachricht|"
    r"forwarded message).*|_{10,}|-- ?)$",
    re.IGNORECASE,
)
_HEADER_BLOCK = re.compile(r"^\s*\*?(from|de|von)\s?:\*?\s.*@", re.IGNORECASE)
_SECOND_HEADER = re.compile(r"^\s*\*?(sent|date|envoy[ée]|gesendet|to|à)\s?:", re.IGNORECASE)


def read_text(message: EmailMessage) -> str:
    """All text of a mail; of one in HTML alone without its tags. Empty where there is none."""
    body = message.get_body(("plain", "html"))
    text = _decode(body) if isinstance(body, EmailMessage) else ""
    if body is not None and body.get_content_type() == "text/html":
        text = _without_tags(text)
    text = _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def _decode(part: EmailMessage) -> str:
    """What its charset makes of it; of an unknown charset, or a broken one, what can be read."""
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError, MessageError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload or "")


def find_attachments(message: EmailMessage) -> tuple[str, ...]:
    """The names of what is attached; what has none is called by its type."""
    if message.get_content_type() == "multipart/report":
        return ()
    found = (part.get_filename() or part.get_content_type() for part in _attached(message))
    return tuple(_UNSTORABLE.sub("", name) for name in found)


def _attached(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        if part.get_content_disposition() == "attachment" or part.get_filename():
            yield part


def strip_quoted(text: str) -> str:
    """What was written anew: without quoted lines, what introduces them, and the signature.

    Where nothing is left (somebody answers inside the quotation), all of it.
    """
    lines = text.splitlines()
    kept = [line for line in lines[: _find_end(lines)] if not line.lstrip().startswith(">")]
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip() or text


def _find_end(lines: list[str]) -> int:
    """The line at which the quotation or the signature begins."""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        introduced = _INTRODUCTION.match(line) or _INTRODUCTION.match(f"{line} {following}")
        copied = _HEADER_BLOCK.match(line) and _SECOND_HEADER.match(following)
        if _SEPARATOR.match(line) or copied or (introduced and line.strip()):
            return number
    return len(lines)


class _Words(HTMLParser):
    """The words of a page, line by line as they would be seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins on a line of its own."""
        del attrs
        self._skipping += tag in _SKIPPED
        if tag in _BREAKS:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What is not shown ends."""
        self._skipping -= tag in _SKIPPED and self._skipping > 0

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._skipping:
            self.text.append(" ".join(data.split()) + (" " if data[-1:].isspace() else ""))


def _without_tags(page: str) -> str:
    words = _Words()
    words.feed(page)
    words.close()
    return "".join(words.text)
