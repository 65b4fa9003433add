"""What can be wrong with the keys and values of a facts, policy or rules file."""

from __future__ import annotations

from typing import ClassVar

from boucle.errors import Severity
from boucle.rules.worded import Worded


class UnknownKey(Worded):
    """A key that means nothing where it stands."""

    code = "B030"
    template = "unknown key '{key}' in {what}{guess}"

    key: str
    what: str
    guess: str
    known: str

    @property
    def help(self) -> str | None:
        """The keys that stand there; None where one is near enough to be guessed."""
        return None if self.guess else f"the keys here are: {self.known}"


class MissingKey(Worded):
    """A key that must be there and is not, or has no value."""

    code = "B031"
    template = "{what} needs '{key}'"
    mend = "add a line '{key}: …'"

    what: str
    key: str


class WrongShape(Worded):
    """A text, a list or a mapping where another of them is expected."""

    code = "B032"
    template = "'{key}' is {expected}, not {found}"

    key: str
    expected: str
    found: str


class BadValue(Worded):
    """A value that its key cannot take."""

    code = "B033"
    template = "'{key}' cannot be '{found}': {expected}"

    key: str
    found: str
    expected: str


class Repeated(Worded):
    """An id or a name given twice."""

    code = "B034"
    template = "{kind} '{name}' already stands at {first}"
    mend = "give each a name of its own"

    kind: str
    name: str
    first: str


class BadName(Worded):
    """A name or an id of the wrong shape."""

    code = "B035"
    template = "'{name}' cannot be the name of {kind}: {why}"

    name: str
    kind: str
    why: str


class FactUnderFact(Worded):
    """A fact whose name continues another fact's name after a dot."""

    code = "B036"
    template = "fact '{name}' lies under fact '{prefix}'"
    mend = "rename one of the two, such as '{prefix}' to '{prefix}_overall'"

    name: str
    prefix: str


class UnknownPlay(Worded):
    """A play that does not exist."""

    code = "B037"
    template = "unknown play '{name}'{guess}"
    mend = "the plays are: {plays}"

    name: str
    guess: str
    plays: str


class BadParameter(Worded):
    """A parameter that the play does not take, misses, or cannot read."""

    code = "B038"
    template = "play '{play}': {problem}"

    play: str
    problem: str


class UnknownThing(Worded):
    """A template or a team that the workspace does not have."""

    code = "B039"
    template = "unknown {kind} '{name}'{guess}"
    mend = "the workspace has: {known}"

    kind: str
    name: str
    guess: str
    known: str


class NotInThisVersion(Worded):
    """Something that the language defines and this version does not yet do."""

    code = "B040"
    template = "{what} is not in this version"
    mend = "leave it out until a version that has it"

    what: str


class NeedsOnlyWhen(Worded):
    """One of several rule sets that does not say which responses it decides."""

    code = "B041"
    template = "rule set '{name}' needs 'only_when', because it is one of {count}"
    mend = "say which responses it decides, such as 'only_when: nps is known'"

    name: str
    count: int


class BadPlaceholder(Worded):
    """Something in braces in `because` that is no fact that may be shown."""

    code = "B042"
    template = "{problem}"
    mend = "name a fact that is not pii, such as {{nps}}"

    problem: str


class UnknownTimezone(Worded):
    """A time zone that the tz database does not have."""

    code = "B043"
    template = "unknown time zone '{name}'{guess}"
    mend = "write a name of the tz database, such as Europe/Paris or UTC"

    name: str
    guess: str


class EndsBeforeItBegins(Worded):
    """A rule that ends before it begins."""

    code = "B044"
    template = "'until' ({until}) comes before 'from' ({from_})"

    from_: str
    until: str


class ReviewDue(Worded):
    """A rule whose review date has passed; it goes on."""

    code = "B045"
    severity: ClassVar[Severity] = "warning"
    template = "rule '{rule}' was to be reviewed by {review_by}"
    mend = "review it with {owner}, then move 'review_by'; until then it goes on"

    rule: str
    review_by: str
    owner: str


class TakenName(Worded):
    """A name that is built in, or is already a fact."""

    code = "B046"
    template = "'{name}' is {taken}"
    mend = "choose another name"

    name: str
    taken: str


class WrongHeader(Worded):
    """A file whose first key does not say what it must be where it lies."""

    code = "B047"
    template = "this file says 'boucle: {found}'; here it must say 'boucle: {expected}'"

    found: str
    expected: str


class MissingFile(Worded):
    """A file without which a workspace says nothing."""

    code = "B048"
    template = "the workspace has no {what}"
    mend = "'boucle init' writes one to begin with"

    what: str


class NoAgeLimit(Worded):
    """A workspace in which even an old response can start something."""

    code = "B049"
    severity: ClassVar[Severity] = "warning"
    template = "no 'max_age': a response of any age can start a loop, also one imported years later"
    mend = "write 'max_age: 14 days' into policy.yaml"


class Misplaced(Worded):
    """A key that the language has, but elsewhere."""

    code = "B080"
    template = "'{key}' has no place in {what}"
    mend = "it stands in {where}"

    key: str
    what: str
    where: str
