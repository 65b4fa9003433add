"""The fictional company's survey file: about 400 answers over three weeks, with the flaws of a real one."""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from boucle.demo.words import ACCOUNTS, COMMENTS, FIRST_NAMES, LAST_NAMES, Language
from boucle.model import Band, nps_band

ANSWERS = 400
SPAN = timedelta(days=21)
_SCORES = range(11)
_SCORE_WEIGHTS = (3, 3, 2, 4, 4, 8, 10, 14, 20, 30, 36)
_TOUCHPOINTS = ("relationship", "onboarding", "support", "delivery")
_SEGMENTS = {"strategic": 8, "key": 18, "standard": 54, "trial": 20}
_SEGMENT_REVENUE = {"strategic": 96000, "key": 36000, "standard": 6200, "trial": 0}
_UNLISTED_SEGMENT = "partner"
_MAY_FOLLOW_UP = 0.92
_MAY_MARKET = 0.85
# Every n-th answer, from the m-th on, has the flaw.
_BLANK = (37, 5)
_STRANGER = (41, 7)
_UNLISTED = (97, 11)


@dataclass(frozen=True)
class Account:
    """A customer of the company."""

    key: str
    name: str
    language: Language
    segment: str
    yearly_revenue: str


@dataclass(frozen=True)
class Employee:
    """Somebody who works at a customer and answers surveys."""

    key: str
    account: Account
    name: str
    email: str
    phone: str
    role: str
    may_follow_up: str
    may_market: str


@dataclass(frozen=True)
class Row:
    """One line of the survey file, as the survey tool would export it."""

    answer_id: str
    answered_at: str
    account: str = ""
    segment: str = ""
    yearly_revenue: str = ""
    contact: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    role: str = ""
    touchpoint: str = ""
    channel: str = ""
    nps: str = ""
    csat_support: str = ""
    comment: str = ""
    may_follow_up: str = ""
    may_market: str = ""


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())


def make_accounts(dice: random.Random) -> list[Account]:
    """Every customer of the company, with its segment and its yearly revenue."""
    accounts = []
    for language in ("fr", "en"):
        for number, name in enumerate(ACCOUNTS[language], 1):
            segment = dice.choices(list(_SEGMENTS), weights=list(_SEGMENTS.values()))[0]
            revenue = _SEGMENT_REVENUE[segment] * dice.randint(60, 140) // 100
            accounts.append(Account(f"{language}-{number:02}", name, language, segment, f"{revenue}.00"))
    return accounts


def make_employees(dice: random.Random, accounts: list[Account], each: int = 9) -> list[Employee]:
    """The people who answer: `each` per customer, every tenth without consent to a follow-up."""
    people = []
    for account in accounts:
        for number in range(each):
            first, last = (
                dice.choice(FIRST_NAMES[account.language]),
                dice.choice(LAST_NAMES[account.language]),
            )
            people.append(
                Employee(
                    key=f"{account.key}-{number}",
                    account=account,
                    name=f"{first} {last}",
                    email=f"{_plain(first)}.{_plain(last)}.{number}@{_plain(account.name)}.example",
                    phone=_phone(dice, account.language),
                    role=dice.choice(("decision_maker", "user", "user", "buyer")),
                    may_follow_up="yes" if dice.random() < _MAY_FOLLOW_UP else "no",
                    may_market="yes" if dice.random() < _MAY_MARKET else "no",
                )
            )
    return people


def _answer(dice: random.Random, number: int, person: Employee, at: datetime) -> Row:
    score = dice.choices(_SCORES, weights=_SCORE_WEIGHTS)[0]
    account = person.account
    return Row(
        answer_id=f"S-{number:04}",
        answered_at=at.strftime("%Y-%m-%dT%H:%M:%S%z"),
        account=account.key,
        segment=account.segment,
        yearly_revenue=account.yearly_revenue,
        contact=person.key,
        name=person.name,
        email=person.email,
        phone=person.phone,
        language=account.language,
        role=person.role,
        touchpoint=dice.choice(_TOUCHPOINTS),
        channel=dice.choice(("email", "email", "web", "in_app")),
        nps=str(score),
        csat_support=dice.choice(("", "", str(max(1, min(5, score // 2 + dice.randint(-1, 1)))))),
        comment=dice.choice(COMMENTS[account.language, nps_band(score)]),
        may_follow_up=person.may_follow_up,
        may_market=person.may_market,
    )


def _anonymous(row: Row) -> Row:
    return Row(
        answer_id=row.answer_id,
        answered_at=row.answered_at,
        language=row.language,
        touchpoint=row.touchpoint,
        channel=row.channel,
        nps=row.nps,
        comment=row.comment,
    )


def _falls_on(number: int, every: tuple[int, int]) -> bool:
    return number % every[0] == every[1]


def _phone(dice: random.Random, language: Language) -> str:
    start = {"fr": "+33 2 55 51", "en": "+44 161 496"}[language]
    return f"{start} {dice.randint(10, 99)} {dice.randint(10, 99)}"


def _flawed(dice: random.Random, rows: list[Row]) -> Iterator[Row]:
    """The flaws of a real file: blanks, strangers, an unknown segment, mistakes, repeats, an edit."""
    for number, row in enumerate(rows):
        if _falls_on(number, _BLANK):
            yield replace(row, nps="", csat_support="")
        elif _falls_on(number, _STRANGER):
            yield _anonymous(row)
        elif _falls_on(number, _UNLISTED):
            yield replace(row, segment=_UNLISTED_SEGMENT)
        else:
            yield row
    yield replace(rows[-3], answer_id="S-9001", nps="11")
    yield replace(rows[-4], answer_id="S-9002", answered_at="last Tuesday")
    yield replace(rows[-5], answer_id="S-9003", nps="ten")
    yield rows[-2]
    edited = next(row for row in reversed(rows[:-10]) if row.nps and nps_band(int(row.nps)) is Band.PASSIVE)
    yield replace(edited, nps="9", comment=f"{edited.comment} {dice.choice(('+1', 'Merci !'))}".strip())


def make_rows(now: datetime, seed: int = 7) -> list[Row]:
    """The file's rows, in the order of answering; the same for the same instant and seed."""
    dice = random.Random(seed)  # noqa: S311 invented answers need no secret
    people = make_employees(dice, make_accounts(dice))
    dice.shuffle(people)
    rows = []
    for number in range(ANSWERS):
        back = SPAN * (1 - number / ANSWERS) * dice.uniform(0.97, 1.0)
        person = people[number % (len(people) - 20)]
        rows.append(_answer(dice, number + 1, person, now - back))
    return list(_flawed(dice, rows))


def write_survey(path: Path, rows: list[Row]) -> None:
    """Write the rows as the CSV file that the import map describes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Row.__dataclass_fields__)
        writer.writerows([getattr(row, name) for name in Row.__dataclass_fields__] for row in rows)
