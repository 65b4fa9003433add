"""The nouns that every level speaks: frozen types, no behaviour but parsing and printing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Frozen(BaseModel):
    """A value: cannot be changed, refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


FactValue = bool | int | Decimal | str | tuple[str, ...] | date | datetime
"""A known fact's value. A set is a sorted tuple of its members; an instant is aware, in UTC."""

Dating = Literal["given", "ambiguous", "stated"]
"""How a response got its date: as given, given but readable two ways, or a clock that was stated."""


# -- scores -------------------------------------------------------------------------------------


class Band(StrEnum):
    """The band of an NPS score."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"


NPS_BANDS: Mapping[Band, tuple[int, int]] = {
    Band.DETRACTOR: (0, 6),
    Band.PASSIVE: (7, 8),
    Band.PROMOTER: (9, 10),
}
"""The one definition of the bands, both ends inclusive (Reichheld 2003)."""


def nps_band(score: int) -> Band:
    """The band of an NPS score from 0 to 10; ValueError outside."""
    for band, (low, high) in NPS_BANDS.items():
        if low <= score <= high:
            return band
    raise ValueError(f"an NPS score lies between 0 and 10, not {score}")


# -- durations and money, as people write them --------------------------------------------------

_DURATION = re.compile(r"(?P<amount>\d{1,6})\s*(?P<business>business\s+)?(?P<unit>[a-z]+)")
DURATION_UNITS = {
    "m": "minutes", "min": "minutes", "minute": "minutes", "minutes": "minutes",
    "h": "hours", "hour": "hours", "hours": "hours",
    "d": "days", "day": "days", "days": "days",
    "w": "weeks", "week": "weeks", "weeks": "weeks",
}  # fmt: skip


class Duration(Frozen):
    """A length of time as people write it: `24h`, `30 days`, `5 business days`, `4 business hours`.

    `business` counts only the team's working time; only hours and days have a business form.
    """

    amount: int = Field(ge=0)
    unit: Literal["minutes", "hours", "days", "weeks"]
    business: bool = False

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `text`; ValueError says what is accepted."""
        found = _DURATION.fullmatch(text.strip().lower())
        unit = DURATION_UNITS.get(found["unit"]) if found else None
        if found is None or unit is None:
            raise ValueError(
                f"'{text}' is not a duration; write 30m, 24h, 14 days, 2 weeks, "
                "4 business hours or 5 business days"
            )
        business = found["business"] is not None
        if business and unit not in {"hours", "days"}:
            raise ValueError(f"'{text}': only hours and days have a business form")
        return cls.model_validate({"amount": int(found["amount"]), "unit": unit, "business": business})

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parsed = cls.parse(value)
        return {"amount": parsed.amount, "unit": parsed.unit, "business": parsed.business}

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.business:
            return f"{self.amount} business {self.unit}"
        short = {"minutes": "m", "hours": "h"}.get(self.unit)
        return f"{self.amount}{short}" if short else f"{self.amount} {self.unit}"

    def wall(self) -> timedelta:
        """The length on the wall clock; ValueError for business time, which needs a calendar."""
        if self.business:
            raise ValueError(f"{self} needs a calendar")
        return timedelta(**{self.unit: self.amount})


def _refuse_nothing(value: Duration) -> Duration:
    if value.amount == 0:
        raise ValueError(f"{value} is no time at all; write at least 1")
    return value


SomeTime = Annotated[Duration, AfterValidator(_refuse_nothing)]
"""A duration that leaves somebody time to act."""

_NO_MINOR_UNIT = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def currency_digits(currency: str) -> int:
    """How many decimals a currency's minor unit has (ISO 4217)."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


class Money(Frozen):
    """An amount in integer minor units (cents) with its ISO 4217 currency; written `15.00 EUR`."""

    minor: int
    currency: str = Field(pattern="^[A-Z]{3}$")

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read `15.00 EUR`; ValueError says what is accepted."""
        found = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s+([A-Z]{3})", text.strip())
        if found is None:
            raise ValueError(f"'{text}' is not an amount; write 15.00 EUR")
        digits = currency_digits(found[2])
        try:
            minor = Decimal(found[1]).scaleb(digits)
        except InvalidOperation as error:
            raise ValueError(f"'{text}' is not an amount; write 15.00 EUR") from error
        if minor != minor.to_integral_value():
            raise ValueError(f"'{text}': {found[2]} has {digits} decimals")
        return cls(minor=int(minor), currency=found[2])

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parsed = cls.parse(value)
        return {"minor": parsed.minor, "currency": parsed.currency}

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        digits = currency_digits(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"


@dataclass(frozen=True)
class NamedIn:
    """Marks a parameter that names something of the workspace: its `kind` (`template`, `team`)."""

    kind: str

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The parameter's JSON Schema, with the kind as `named_in`."""
        return {**handler(core_schema), "named_in": self.kind}


@dataclass(frozen=True)
class NotSpent:
    """Marks an amount of money among parameters that is a limit: a start does not spend it."""


@dataclass(frozen=True)
class OneSpent:
    """Marks parameters of whose amounts of money a start spends one at most, whichever way it goes."""


TemplateId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NamedIn("template")]
PersonId = Annotated[str, NamedIn("person")]
ScriptId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$"), NamedIn("script")]
SkillId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$"), NamedIn("skill")]
TeamId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NamedIn("team")]


# -- what comes in ------------------------------------------------------------------------------


class Verbatim(Frozen):
    """One comment of a response: the question it answers, where the survey has several."""

    text: str
    question: str | None = None


class Person(Frozen):
    """What is personal of a contact: never in rules' `because`, logs, or Temporal."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Response(Frozen):
    """One person's answer to one survey, as an adapter hands it to the engine.

    `facts` holds only known values, by catalogue name: scores (`nps`, `csat.delivery`), and what
    lies under `response.`, `comment.`, `contact.`, `customer.`, `consent.`. `comment.text` is set
    by the adapter from the verbatims. `customer` and `contact` are the source's keys of the account
    and the person; both None in an anonymous response.
    """

    source: str
    source_id: str
    responded_at: datetime
    dating: Dating = "given"
    facts: Mapping[str, FactValue] = {}
    verbatims: tuple[Verbatim, ...] = ()
    customer: str | None = None
    contact: str | None = None
    person: Person | None = None


class Statement(Frozen):
    """What a file says of one customer, of one contact, or of both, and since when that is so.

    `facts` lie under `customer.` (of the customer), `contact.` or `consent.` (of the contact); None: what
    was said is outside the fact's list, so that what was known before holds no more.
    """

    as_of: datetime
    customer: str | None = None
    contact: str | None = None
    facts: Mapping[str, FactValue | None] = {}
    person: Person | None = None


# -- what the rules say -------------------------------------------------------------------------

Truth = Literal["true", "false", "undecided"]


class QuietHours(Frozen):
    """When no message goes to a customer: local times, in minutes since midnight; it may pass midnight."""

    begins: int = Field(ge=0, lt=1440)
    ends: int = Field(ge=0, lt=1440)

    @model_validator(mode="after")
    def _some_of_the_day(self) -> QuietHours:
        if self.begins == self.ends:
            raise ValueError("the quiet hours end when they begin")
        return self


class SideAct(Frozen):
    """What a winner does besides its play: `tag` its customer, or `notify` a team. Never a message."""

    do: Literal["tag", "notify"]
    name: str


class Plan(Frozen):
    """What a decision resolved to. A running loop knows its plan, never the rules.

    Holds nothing personal: it travels through Temporal. `params` are the play's parameters in their
    JSON form. The engine fills `calendar` (the team's working time, snapshotted) and `contact` (when a
    customer is unreachable) when it opens the loop.
    """

    rule_set: str
    rule: str
    rule_digest: str
    bundle: str
    play: str
    params: Mapping[str, JsonValue] = {}
    timezone: str = "UTC"
    quiet: QuietHours | None = None
    restarts: tuple[str, ...] = ()
    also: tuple[SideAct, ...] = ()
    calendar: Calendar | None = None
    contact: ContactPolicy | None = None


class ContactPolicy(Frozen):
    """When a customer counts as unreachable: tried so often, and by so many channels or on so many days."""

    attempts: int = Field(
        default=3, ge=1, description="How many attempts it takes before a customer is unreachable."
    )
    ways: int = Field(
        default=2, ge=1, description="By how many channels, or on how many days, they must have been made."
    )


class Calendar(Frozen):
    """A team's working time: a zone, and per weekday (0 = Monday) its intervals in local time.

    An interval is (start, end) in minutes since local midnight, end exclusive, at most 1440.
    `digest` is the sha256 of the content, so that a plan says which calendar it was made under.
    """

    name: str
    timezone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: tuple[date, ...] = ()
    digest: str = ""


# -- loops and cases ----------------------------------------------------------------------------


class LoopState(StrEnum):
    """`open`: accepted, nothing done yet; `in_progress`: its play works; `closed`."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


class Closure(StrEnum):
    """How a loop ended."""

    RECOVERED = "recovered"
    NOT_RECOVERED = "not_recovered"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    FALSE_ALARM = "false_alarm"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class AnswerState(StrEnum):
    """What is known of a person's closure by asking the customer: their answer, or why there is none.

    `unasked`: nobody could be written to, or the customer has written back and was read instead.
    """

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNASKED = "unasked"


class QuestionKind(StrEnum):
    """What answers a question: a score, a text or a score, or a testimonial."""

    SCORE = "score"
    OPEN = "open"
    INVITATION = "invitation"


class ClockKind(StrEnum):
    """What a clock counts down to; `first_contact` runs on the customer's clock or the team's."""

    FIRST_CONTACT = "first_contact"
    CLOSE = "close"
    FOLLOW_UP = "follow_up"
    ANSWER = "answer"
    COMMITMENT = "commitment"
    APPROVAL = "approval"


class ClockState(StrEnum):
    """A clock runs until it is met, missed, or stopped by the closing.

    `paused`: it is the team's, and the team waits for the customer.
    """

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    STOPPED = "stopped"


class OfferKind(StrEnum):
    """What a customer is offered. A voucher and a credit are worth an amount, the others can be."""

    VOUCHER = "voucher"
    CREDIT = "credit"
    CALL_BACK = "call_back"
    CUSTOM = "custom"


class OfferState(StrEnum):
    """Where an offer stands: it can be used while `granted`."""

    GRANTED = "granted"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ApprovalState(StrEnum):
    """Where a proposed offer stands. `lapsed`: nobody decided in time; `dropped`: the loop was closed."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"
    DROPPED = "dropped"


class EffectKind(StrEnum):
    """Who feels an effect. Only `staff` is sent again when a receipt is missing."""

    CUSTOMER = "customer"
    OFFER = "offer"
    STAFF = "staff"


class EffectState(StrEnum):
    """Where an effect stands.

    `intended` has no receipt yet; `refused` was refused for good by the other side; `released` was
    definitely not sent, so it may be tried again.
    """

    INTENDED = "intended"
    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    RELEASED = "released"
    SETTLED_SENT = "settled_sent"
    SETTLED_NOT_SENT = "settled_not_sent"


class ActKind(StrEnum):
    """What a person (or the customer) does to a loop."""

    CLAIM = "claim"
    ASSIGN = "assign"
    ATTEMPT = "attempt"
    NOTE = "note"
    SNOOZE = "snooze"
    WAIT = "wait"
    RESUME = "resume"
    PROMISE = "promise"
    KEEP = "keep"
    ASK = "ask"
    FINISH = "finish"
    GRANT = "grant"
    CANCEL = "cancel"
    APPROVE = "approve"
    REFUSE = "refuse"
    REDEEM = "redeem"
    ANSWER = "answer"
    REPLY = "reply"
    JOIN = "join"
    REFER = "refer"
    TESTIFY = "testify"
    SETTLE = "settle"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    REOPEN = "reopen"


CaseSeverity = Literal["low", "medium", "high", "critical"]


class Channel(StrEnum):
    """How a customer was tried."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    VISIT = "visit"
    CHAT = "chat"


class AttemptResult(StrEnum):
    """What came of an attempt."""

    REACHED = "reached"
    NO_REPLY = "no_reply"
    LEFT_MESSAGE = "left_message"
    WRONG_CONTACT = "wrong_contact"
    REFUSED = "refused"


class AssignReason(StrEnum):
    """Why a case was given to whom it was given, or to nobody yet."""

    PREVIOUS_OWNER = "previous_owner"
    ACCOUNT_OWNER = "account_owner"
    LEAST_LOADED = "least_loaded"
    STAND_IN = "stand_in"
    LEAD = "lead"
    BY_HAND = "by_hand"
    OWNER_SILENT = "owner_silent"
    NO_SKILL = "no_skill"
    NO_LANGUAGE = "no_language"
    ALL_ABSENT = "all_absent"
    NO_CAPACITY = "no_capacity"


class TaskKind(StrEnum):
    """Where a task comes from: a colleague who asks, a customer who has written back, or boucle."""

    ASKED = "asked"
    REPLY = "reply"
    CHECK = "check"


class TaskState(StrEnum):
    """A task is open until it is done, or its loop is closed."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Role(StrEnum):
    """What one of our own people may do."""

    CSM = "csm"
    LEAD = "lead"
    CX_OPS = "cx_ops"
    AUDITOR = "auditor"
    VIEWER = "viewer"
    ADMIN = "admin"


_APPROVERS = frozenset({Role.LEAD, Role.CX_OPS, Role.ADMIN})


class Authority(Frozen):
    """Up to which value somebody may grant an offer by themselves, by their role.

    `ceilings` has one amount for each currency; None: any amount. An offer that names no value is above
    nobody's.
    """

    role: Role
    ceilings: tuple[Money, ...] | None = ()

    def covers(self, value: Money | None) -> bool:
        """Whether it suffices for an offer of this value."""
        if value is None or self.ceilings is None:
            return True
        return any(one.currency == value.currency and value.minor <= one.minor for one in self.ceilings)

    def approves(self, value: Money | None) -> bool:
        """Whether it suffices to approve what somebody else proposes."""
        return self.role in _APPROVERS and self.covers(value)


class ReplyKind(StrEnum):
    """What a mail that came in is. Only a `reply` or a `complaint` is a person's word.

    `bounce`: a message of ours can never be delivered; `delayed`: not yet; `notice`: it was delivered, or
    read; `own`: a message of ours that came back, or what a colleague wrote.
    """

    REPLY = "reply"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    NOTICE = "notice"
    OWN = "own"


Plan.model_rebuild()
