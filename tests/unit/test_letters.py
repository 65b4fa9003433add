"""How a mail is written: its headers, amounts and dates."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from boucle.activities.letters import (
    BadAddressError,
    Letterhead,
    Recipient,
    compose,
    one_line,
    write_day,
    write_moment,
    write_money,
)
from boucle.activities.mail import SMTP_POLICY
from boucle.activities.templates import Text
from boucle.model import Money

HEAD = Letterhead("Firm", "Boîte à outils <hello@firm.example>", "firm.example")
AT = datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
EFFECT = "l" * 52 + "/1/apology"


def written(recipient: Recipient, text: Text) -> bytes:
    return compose(HEAD, recipient, text, effect=EFFECT, loop="l" * 52, at=AT).as_bytes(policy=SMTP_POLICY)


def test_accents_survive_and_the_wire_stays_ascii() -> None:
    wire = written(Recipient("Zoé Lœb", "zoe@kunde.example", "fr"), Text("Désolés, Zoé", "Ça ira : 15 €.\n"))
    wire.decode("ascii")
    mail = message_from_bytes(wire, policy=default)
    assert (mail["Subject"], mail["To"]) == ("Désolés, Zoé", "Zoé Lœb <zoe@kunde.example>")
    assert mail["From"] == "Boîte à outils <hello@firm.example>"
    assert mail.get_content() == "Ça ira : 15 €.\r\n"


def test_the_effect_is_one_line_and_the_same_effect_has_the_same_id() -> None:
    recipient, text = Recipient(None, "zoe@kunde.example", "fr"), Text("s", "b\n")
    wire = written(recipient, text)
    assert f"X-Boucle-Effect: {EFFECT}\r\n".encode() in wire
    first, second = (message_from_bytes(written(recipient, text)) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Reply-To"] == f"loop+{'l' * 52}@firm.example"


@pytest.mark.parametrize("name", ["Eve\r\nBcc: all@firm.example", "Eve\nX-Boucle-Effect: other", "Eve\u2028"])
def test_a_name_cannot_add_a_header(name: str) -> None:
    mail = message_from_bytes(written(Recipient(name, "eve@kunde.example", "en"), Text(f"Hi {name}", "b\n")))
    assert mail["Bcc"] is None
    assert mail.get_all("X-Boucle-Effect") == [EFFECT]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b@c.example",
        "e@kunde.example\r\nBcc: x@y.example",
        "eve@",
        "a b@c.example",
        "é@c.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddressError):
        written(Recipient("Eve", address, "en"), Text("s", "b\n"))


def test_an_international_domain_is_written_for_the_wire() -> None:
    mail = message_from_bytes(
        written(Recipient(None, "zoe@société.example", "fr"), Text("s", "b\n")), policy=default
    )
    assert mail["To"] == "zoe@xn--socit-esab.example"


def test_one_line_has_no_controls() -> None:
    assert one_line(" a\tb\r\nc\x00d\u2029e ") == "a b c d e"


def test_amounts_and_dates_in_both_languages() -> None:
    euros = Money.parse("15.00 EUR")
    assert [write_money(euros, language) for language in ("en", "fr")] == ["15.00 EUR", "15,00 EUR"]
    assert write_day(AT, "en", "Europe/Paris") == "1 April 2026"
    assert write_day(AT, "fr", "Europe/Paris") == "1er avril 2026"
    assert write_day(datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "fr", "Europe/Paris") == "2 janvier 2026"
    assert write_moment(AT, "fr", "Europe/Paris") == "1er avril 2026, 10:30 (CEST)"
