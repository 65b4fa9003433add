"""What a mail that came in is, and which loop it belongs to: people's replies told from programs' mails."""

from __future__ import annotations

import hashlib
from textwrap import dedent

import pytest

from boucle.engine.effects import mark_of
from boucle.engine.mails import Mail
from boucle.intake.mail_text import strip_quoted
from boucle.intake.replies import read_mail, split
from boucle.model import ReplyKind

LOOP = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"
EFFECT = f"{LOOP}/1/apology"
MARK = mark_of(EFFECT)

DSN = f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: loop+{LOOP}@firm.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-1@mx.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; amelie@kunde.example
Action: ACTION
Status: STATUS
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: RETURNED

Message-ID: <{MARK}@firm.example>
X-Boucle-Effect: {EFFECT}
Subject: Sorry

--b--
"""


def mail(text: str) -> Mail:
    return read_mail(dedent(text).encode(), "firm.example")


def test_a_reply_goes_to_the_loop_of_its_address() -> None:
    read = mail(f"""\
        From: =?utf-8?q?Am=C3=A9lie?= <Amelie@kunde.example>
        To: "Firm" <LOOP+{LOOP.upper()}@Firm.example>
        Subject: Re: Sorry
        Date: Tue, 3 Mar 2026 11:00:00 +0100
        Message-ID: <1@kunde.example>

        Please call me.

        On Mon, 2 Mar 2026 at 09:00, Firm <hello@firm.example> wrote:
        > We are sorry.
        """)
    assert (read.kind, read.loops, read.sender) == (ReplyKind.REPLY, (LOOP,), "Amelie@kunde.example")
    assert read.said == "Please call me."
    assert "> We are sorry." in read.text
    assert read.written_at is not None
    assert read.written_at.isoformat() == "2026-03-03T10:00:00+00:00"


@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
def test_a_reply_to_another_address_is_known_by_what_it_answers(header: str) -> None:
    read = mail(f"""\
        From: amelie@kunde.example
        To: hello@firm.example
        {header}: <x@kunde.example> <{MARK}@firm.example>

        Thank you.
        """)
    assert (read.loops, read.marks) == ((), (MARK,))


def test_the_addresses_and_ids_of_another_domain_are_not_ours() -> None:
    read = mail(f"""\
        From: amelie@kunde.example
        To: loop+{LOOP}@other.example
        In-Reply-To: <{MARK}@other.example>

        Hello.
        """)
    assert (read.loops, read.marks) == ((), ())


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Cc"])
def test_a_forwarded_reply_is_known_by_where_it_was_delivered(name: str) -> None:
    read = mail(f"From: a@kunde.example\nTo: hello@firm.example\n{name}: loop+{LOOP}@firm.example\n\nHi.\n")
    assert read.loops == (LOOP,)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; type=vacation",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: 1",
        "List-Id: <news.kunde.example>",
        "Return-Path: <>",
        "Subject: Automatic reply: Sorry",
        "Subject: Out of office",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique=C2=A0=3A_bonjour?=",
        "Subject: Absence du bureau",
        "Subject: Automatische Antwort: Sorry",
    ],
)
def test_what_a_program_answers_is_no_reply(header: str) -> None:
    read = mail(f"From: a@kunde.example\nTo: loop+{LOOP}@firm.example\n{header}\n\nI am away.\n")
    assert (read.kind, read.loops) == (ReplyKind.AUTO_REPLY, (LOOP,))


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: normal", "Subject: Re: Automatic reply", "X-Mailer: list"]
)
def test_what_a_person_answers_is_no_automatic_reply(header: str) -> None:
    assert mail(f"From: a@kunde.example\n{header}\n\nCall me.\n").kind == ReplyKind.REPLY


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", ReplyKind.BOUNCE),
        ("failed", "5.2.2 (mailbox full)", ReplyKind.BOUNCE),
        ("failed", "4.4.7", ReplyKind.DELAYED),
        ("delayed", "4.4.1", ReplyKind.DELAYED),
        ("delivered", "2.0.0", ReplyKind.NOTICE),
        ("relayed", "2.0.0", ReplyKind.NOTICE),
    ],
)
def test_a_delivery_report_says_what_became_of_which_message(
    action: str, status: str, kind: ReplyKind, returned: str
) -> None:
    text = DSN.replace("ACTION", action).replace("STATUS", status).replace("RETURNED", returned)
    read = read_mail(text.encode(), "firm.example")
    assert (read.kind, read.status) == (kind, status.partition(" ")[0])
    assert set(read.marks) == {MARK}


def test_the_worst_of_several_recipients_counts() -> None:
    more = "Final-Recipient: rfc822; b@kunde.example\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient:"
    text = DSN.replace("ACTION", "delayed").replace("STATUS", "4.4.1").replace("Final-Recipient:", more, 1)
    read = read_mail(text.encode(), "firm.example")
    assert (read.kind, read.status) == (ReplyKind.BOUNCE, "5.1.1")


def test_a_bounce_that_follows_no_standard_is_known_by_who_sends_it_and_what_it_quotes() -> None:
    read = mail(f"""\
        From: postmaster@old.example
        To: hello@firm.example
        Subject: failure notice

        Sorry, I couldn't find any mailbox by that name. 550 5.1.1 unknown user
        --- Below this line is a copy of the message.
        Message-ID: <{MARK}@firm.example>
        """)
    assert (read.kind, read.status, read.marks) == (ReplyKind.BOUNCE, "5.1.1", (MARK,))


def test_a_bounce_that_says_no_status_is_not_believed_to_be_for_good() -> None:
    assert mail("From: MAILER-DAEMON@old.example\n\nIt did not work.\n").kind == ReplyKind.DELAYED


def test_our_own_message_that_came_back_is_no_reply() -> None:
    read = mail(
        f"From: hello@firm.example\nMessage-ID: <{MARK}@firm.example>\nX-Boucle-Effect: {EFFECT}\n\nHi\n"
    )
    assert (read.kind, read.marks) == (ReplyKind.OWN, (MARK,))


@pytest.mark.parametrize(
    ("report", "kind"),
    [("disposition-notification", ReplyKind.NOTICE), ("feedback-report", ReplyKind.COMPLAINT)],
)
def test_other_reports_are_told_apart(report: str, kind: ReplyKind) -> None:
    read = mail(f"""\
        From: a@kunde.example
        Content-Type: multipart/report; report-type={report}; boundary="b"

        --b
        Content-Type: text/plain

        A report.
        --b--
        """)
    assert read.kind == kind


def test_a_mail_in_html_alone_is_read_without_its_tags() -> None:
    read = mail("""\
        From: a@kunde.example
        Content-Type: text/html; charset=utf-8

        <html><head><style>p { color: red }</style></head><body><p>Call&nbsp;me &amp; soon.</p>
        <blockquote>Sorry</blockquote></body></html>
        """)
    assert read.text.split() == ["Call", "me", "&", "soon.", "Sorry"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain; charset=no-such-charset", "text/plain; charset=ascii", "multipart/mixed", "nonsense"],
)
def test_a_broken_mail_is_read_as_far_as_it_can_be(content_type: str) -> None:
    read = read_mail(
        b"From: a@kunde.example\nContent-Type: " + content_type.encode() + b"\n\nAm\xe9lie \x00!\n", "x"
    )
    assert read.kind == ReplyKind.REPLY
    assert "\x00" not in read.text
    read.text.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00",
        b"no header at all",
        b"From:\nDate: yesterday\nTo: <<>>@\nSubject: =?x?q?=\n\n",
        b"\n\n",
    ],
)
def test_nothing_that_comes_in_breaks_the_reader(data: bytes) -> None:
    read = read_mail(data, "firm.example")
    assert (read.loops, read.written_at) == ((), None)


def test_a_mail_is_told_from_others_by_its_message_id_else_by_its_bytes() -> None:
    first, second = mail("Message-ID: <1@x>\n\nOne"), mail("Message-ID: <1@x>\nReceived: again\n\nOne")
    assert first.digest == second.digest == hashlib.sha256(b"<1@x>").hexdigest()
    assert mail("\nOne").digest != mail("\nTwo").digest


def test_attachments_are_named() -> None:
    read = mail("""\
        From: a@kunde.example
        Content-Type: multipart/mixed; boundary="b"

        --b
        Content-Type: text/plain

        See the picture.
        --b
        Content-Type: image/png
        Content-Disposition: attachment; filename="broken hinge.png"

        AAAA
        --b--
        """)
    assert (read.said, read.attachments) == ("See the picture.", ("broken hinge.png",))


def test_an_mbox_holds_several_mails() -> None:
    data = b"From a Tue\nSubject: 1\n\nOne\n>From here\n\nFrom b Tue\nSubject: 2\n\nTwo\nFrom afar\n"
    one, two = split(data)
    assert (read_mail(one, "x").text, read_mail(two, "x").text) == ("One\nFrom here", "Two\nFrom afar")
    assert split(b"Subject: 1\n\nOne\n") == [b"Subject: 1\n\nOne\n"]
    assert split(b" \n") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes.\n\n-- \nAmelie", "Yes."),
        ("Oui.\n\nLe lun. 2 mars 2026 à 09:00, Firm <h@f.example> a écrit :\n> Bonjour", "Oui."),
        ("Oui.\n\nLe lun. 2 mars 2026 à 09:00,\nFirm <h@f.example> a écrit :\n> Bonjour", "Oui."),
        ("Yes.\n\n-----Original Message-----\nFrom: Firm\nHello", "Yes."),
        ("Yes.\n\nFrom: Firm <h@f.example>\nSent: Monday\nHello", "Yes."),
        ("Yes.\n> Do you want it?\nAnd soon.", "Yes.\nAnd soon."),
        ("> Do you want it?\n> Yes", "> Do you want it?\n> Yes"),
        ("On Monday I wrote to you.\nNobody called.", "On Monday I wrote to you.\nNobody called."),
    ],
)
def test_what_is_quoted_is_told_from_what_was_written(text: str, said: str) -> None:
    assert strip_quoted(text) == said
