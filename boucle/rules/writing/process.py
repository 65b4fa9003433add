"""A programme told in plain sentences, generated from its rules: who gets what, from whom, by when.

What is told is what the rules say, in their order; nothing is written by hand that could drift from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from boucle.model import Frozen
from boucle.rules.declarations.quiet_hours import write_time
from boucle.rules.ruleset import (
    Cap,
    GateKind,
    Guarantee,
    Policy,
    Rule,
    RuleSet,
    Suppression,
    Undecided,
    Workspace,
)
from boucle.rules.writing.telling import Teller
from boucle.rules.writing.tongues import TONGUES, Tongue, TongueCode, say_length

PlayTeller = Callable[[str, Mapping[str, JsonValue]], str]
"""One sentence or more of what a play does with its parameters, in the language of the page."""

PlayNamer = Callable[[str], str | None]
"""What a play is in two or three words, in the language of the page; None for one that is not ours."""

_GATES: tuple[GateKind, ...] = ("suppress", "caps", "holdouts")


class Line(Frozen):
    """One statement: what it is called, what is said, and what else holds for it."""

    text: str
    title: str | None = None
    notes: tuple[str, ...] = ()


class Section(Frozen):
    """A part of the page. `numbered`: the order of its lines is their priority."""

    heading: str
    lead: str | None = None
    lines: tuple[Line, ...] = ()
    numbered: bool = False
    level: int = 2


class Page(Frozen):
    """A whole programme, told."""

    language: TongueCode
    sections: tuple[Section, ...]


def tell_programme(
    workspace: Workspace, language: TongueCode, tell_play: PlayTeller, name_play: PlayNamer
) -> Page:
    """Every rule set of a workspace, and the policy over them, in one language."""
    tongue = TONGUES[language]
    storyteller = _Storyteller(workspace, tongue, Teller(workspace.catalogue, tongue), tell_play, name_play)
    sections = [section for rule_set in workspace.rule_sets for section in storyteller.rule_set(rule_set)]
    return Page(language=language, sections=(*sections, storyteller.policy(workspace.policy)))


@dataclass(frozen=True)
class _Storyteller:
    workspace: Workspace
    tongue: Tongue
    teller: Teller
    tell_play: PlayTeller
    name_play: PlayNamer

    def rule_set(self, rule_set: RuleSet) -> Iterator[Section]:
        yield self._head(rule_set)
        lines = tuple(self._rule(rule, rule_set) for rule in rule_set.rules)
        lead = self.tongue.say("rules_lead")
        yield Section(heading=self.tongue.say("rules"), lead=lead, lines=lines, numbered=True)
        undecided = self._undecided(rule_set.undecided)
        yield Section(heading=self.tongue.say("undecided"), lines=(undecided,))
        yield from self._further(rule_set)

    def _further(self, rule_set: RuleSet) -> Iterator[Section]:
        """The parts that may be missing."""
        say = self.tongue.say
        reasons, words = self._reasons(rule_set), self._definitions(rule_set)
        if reasons:
            lead = say("reasons_lead")
            yield Section(heading=say("reasons"), lead=lead, lines=reasons, numbered=True)
        if words:
            yield Section(heading=say("words"), lines=words)
        if rule_set.guarantees:
            yield Section(heading=say("guarantees"), lines=self._guarantees(rule_set))

    def _head(self, rule_set: RuleSet) -> Section:
        say = self.tongue.say
        concerns = say("concerns_all")
        if rule_set.only_when is not None:
            concerns = say("concerns", condition=self.teller.tell(rule_set.only_when))
        said = [rule_set.description, concerns, rule_set.owner and say("owner", owner=rule_set.owner)]
        heading = say("programme", name=self.tongue.quote(rule_set.name))
        return Section(heading=heading, lead=" ".join(one for one in said if one), level=1)

    # -- what happens

    def _rule(self, rule: Rule, rule_set: RuleSet) -> Line:
        condition = self.teller.tell(rule.when)
        text = self.tongue.say("when", condition=condition, play=self.tell_play(rule.play, rule.params))
        notes = (*self._dates(rule), *self._terms(rule, rule_set), *self._holding(rule, rule.play))
        return Line(title=rule.title or rule.id, text=text, notes=notes)

    def _dates(self, rule: Rule) -> Iterator[str]:
        if rule.effective_from is not None:
            yield self.tongue.say("from", day=rule.effective_from.isoformat())
        if rule.effective_until is not None:
            yield self.tongue.say("until", day=rule.effective_until.isoformat())

    def _terms(self, rule: Rule, rule_set: RuleSet) -> Iterator[str]:
        if rule.mode == "observe":
            yield self.tongue.say("observe")
        if rule.rollout is not None:
            yield self.tongue.say("rollout", percent=self.tongue.percent(rule.rollout))
        if rule.owner is not None and rule.owner != rule_set.owner:
            yield self.tongue.say("rule_owner", owner=rule.owner)

    def _holding(self, of: Rule | Undecided, play: str) -> Iterator[str]:
        if of.exempt is not None:
            exempt = [self.tongue.say(f"gate_{gate}") for gate in _GATES if gate in of.exempt.gates]
            gates = self.tongue.any_of(exempt)
            yield self.tongue.say("exempt", gates=gates, reason=of.exempt.reason)
        if of.spends is not None:
            yield self._spending(of, play)
        if of.if_open != "join":
            yield self.tongue.say(of.if_open)
        for clock in of.restarts:
            yield self.tongue.say(f"restarts_{clock}")
        for act in of.also:
            yield self.tongue.say(f"also_{act.do}", name=act.name)

    def _spending(self, of: Rule | Undecided, play: str) -> str:
        spends = of.spends
        if spends is None:
            return ""
        otherwise = self.tongue.say("exhausted_none")
        if spends.otherwise is not None:
            otherwise = self.tongue.say("exhausted_play", play=self.tell_play(play, spends.otherwise))
        budget = self.teller.name(spends.budget)
        amount = self.tongue.amount(spends.amount)
        return self.tongue.say("spends", amount=amount, budget=budget, otherwise=otherwise)

    def _undecided(self, undecided: Undecided) -> Line:
        if undecided.play is None:
            return Line(text=self.tongue.say("undecided_record"))
        play = self.tell_play(undecided.play, undecided.params)
        notes = tuple(self._holding(undecided, undecided.play))
        if undecided.when is None:
            return Line(text=self.tongue.say("undecided_always", play=play), notes=notes)
        condition = self.teller.tell(undecided.when)
        return Line(text=self.tongue.say("undecided_when", condition=condition, play=play), notes=notes)

    # -- reasons, words, guarantees

    def _reasons(self, rule_set: RuleSet) -> tuple[Line, ...]:
        return tuple(
            Line(title=reason.text, text=self.tongue.say("reason", condition=self.teller.tell(reason.when)))
            for reason in rule_set.otherwise
        )

    def _definitions(self, rule_set: RuleSet) -> tuple[Line, ...]:
        return tuple(
            Line(
                title=self.teller.name(name),
                text=self.tongue.say("definition", condition=self.teller.tell(definition.when)),
                notes=(self.tongue.say("if_unknown"),) if definition.if_unknown is False else (),
            )
            for name, definition in rule_set.definitions.items()
        )

    def _guarantees(self, rule_set: RuleSet) -> tuple[Line, ...]:
        return tuple(Line(text=self._guarantee(one)) for one in rule_set.guarantees)

    def _guarantee(self, one: Guarantee) -> str:
        condition = self.teller.tell(one.whenever)
        if one.starts:
            return self.tongue.say("guarantee_starts", condition=condition, plays=self._plays(one.starts))
        if one.starts is not None:
            return self.tongue.say("guarantee_nothing", condition=condition)
        if one.never_starts:
            plays = self._plays(one.never_starts)
            return self.tongue.say("guarantee_never", condition=condition, plays=plays)
        return self.tongue.say("guarantee_taken", condition=condition)

    def _plays(self, plays: frozenset[str] | None) -> str:
        if plays is None:
            return self.tongue.say("every_play")
        return self.tongue.any_of([self._play(play) for play in sorted(plays)])

    def _play(self, play: str) -> str:
        return self.name_play(play) or self.teller.name(play)

    # -- the policy

    def policy(self, policy: Policy) -> Section:
        """What holds for all rule sets."""
        texts = [*self._ages(policy), self.tongue.say("joining"), *self._gates(policy)]
        lines = tuple(Line(text=text) for text in texts)
        return Section(heading=self.tongue.say("policy"), lines=lines, level=1)

    def _ages(self, policy: Policy) -> Iterator[str]:
        if policy.max_age is None:
            yield self.tongue.say("no_max_age")
        else:
            yield self.tongue.say("max_age", span=say_length(self.tongue, policy.max_age))

    def _gates(self, policy: Policy) -> Iterator[str]:
        say, name = self.tongue.say, self.teller.name
        if policy.quiet is not None:
            begins, ends = write_time(policy.quiet.begins), write_time(policy.quiet.ends)
            yield say("quiet", begins=begins, ends=ends)
        if policy.revisions == "redecide":
            yield say("redecide")
        for one in policy.suppressions:
            yield self._suppression(one, policy.timezone)
        for cap in policy.caps:
            yield self._cap(cap)
        for budget in policy.budgets:
            amount = self.tongue.amount(budget.limit)
            yield say("budget", name=name(budget.id), amount=amount, per=say(budget.per))
        for holdout in policy.holdouts:
            plays, percent = self._plays(holdout.plays), self.tongue.percent(holdout.share)
            yield say("holdout", name=name(holdout.id), plays=plays, percent=percent)

    def _cap(self, cap: Cap) -> str:
        return self.tongue.say(
            "cap_once" if cap.most == 1 else "cap",
            name=self.teller.name(cap.id),
            plays=self._plays(cap.plays),
            most=cap.most,
            span=say_length(self.tongue, cap.within),
            per=self.tongue.say(f"per_{cap.per}"),
        )

    def _suppression(self, one: Suppression, timezone: str) -> str:
        say, when, window = self.tongue.say, "", ""
        if one.when is not None:
            when = say("suppress_when", condition=self.teller.tell(one.when))
        if one.begins is not None and one.ends is not None:
            begins, ends = _local(one.begins, timezone), _local(one.ends, timezone)
            window = say("suppress_window", begins=begins, ends=ends)
        plays, held = self._plays(one.plays), say(f"held_{one.do}")
        return say(
            "suppress", name=self.teller.name(one.id), plays=plays, held=held, when=when, window=window
        )


def _local(instant: datetime, timezone: str) -> str:
    return instant.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")
