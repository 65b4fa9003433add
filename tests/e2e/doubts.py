"""Messages of which the product cannot know whether they went out, and what the mail server knows of them."""

from __future__ import annotations

import json
from collections import Counter

from tests.e2e.mail_server import MailServer
from tests.e2e.product import Product


def list_unconfirmed(product: Product) -> list[str]:
    """The keys of the effects that the product lists as unconfirmed."""
    return [effect["key"] for effect in product.ask("unconfirmed", "list")]


def count_customer_mails(mail: MailServer) -> Counter[str]:
    """How many mails of each message to a customer were taken."""
    return Counter({effect: count for effect, count in mail.counts().items() if mail.prey(effect)})


def assert_every_ambush_is_unconfirmed(product: Product, mail: MailServer) -> None:
    """Nobody can know of a message whether it went out, where its sender died handing it over.

    Unless the mail server has told since that it came back.
    """
    unconfirmed, mails = list_unconfirmed(product), count_customer_mails(mail)
    for ambush in mail.ambushes:
        assert ambush.effect in unconfirmed or came_back(product, ambush.effect), ambush
        assert mails[ambush.effect] == (ambush.when == "after"), ambush


def came_back(product: Product, effect: str) -> bool:
    """Whether the message was in doubt until a bounce said what had become of it."""
    rows = product.query(
        "SELECT type, payload FROM ledger_event WHERE type LIKE 'effect.%' ORDER BY chain, seq"
    )
    told = [(kind, json.loads(payload)) for kind, payload in rows if f'"{effect}"' in payload]
    doubted = any(kind == "effect.unconfirmed" for kind, _ in told)
    return doubted and told[-1][0] == "effect.refused" and told[-1][1]["code"] == "bounced"


def settle_all(product: Product, mail: MailServer) -> None:
    """As an operator who looks at the mail server."""
    mails = count_customer_mails(mail)
    for effect in list_unconfirmed(product):
        said = "--sent" if mails[effect] else "--not-sent"
        product.run("unconfirmed", "settle", effect, said, "--as", "anna")
