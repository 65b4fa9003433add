"""Compiles a checked workspace into a bundle: every condition to its two guarded expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boucle.rules.bands import band_definitions
from boucle.rules.bundle import Bundle
from boucle.rules.canonical import canonical_with_floats
from boucle.rules.catalogue import Derived, Fact
from boucle.rules.condition import Atom, Expr
from boucle.rules.derived_document import DerivedDocument, write_derived
from boucle.rules.document import (
    BundleDocument,
    DefinitionDocument,
    PersonalDocument,
    ReasonDocument,
    RuleDocument,
    RuleSetDocument,
    UndecidedDocument,
    write_fact,
)
from boucle.rules.expressions import list_atoms, read_expression, write_expression
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.places import conditions_of, map_places
from boucle.rules.policy_document import ConditionDocument, PolicyDocument, write_holding, write_policy
from boucle.rules.ruleset import Definition, Reason, Rule, RuleSet, Undecided, Workspace

BUILT_IN_REASONS: Mapping[str, str] = {
    "no_score": "No score is known",
    "no_programme": "No rule set decides such a response",
    "undecided": "No rule holds, but some hang on facts that are not known",
    "no_rule": "No rule holds",
}
"""What is said where nothing starts and no reason of the author's holds."""


def compile_workspace(workspace: Workspace) -> Bundle:
    """The bundle of a workspace that the checker found good."""
    facts = workspace.catalogue.facts
    document = BundleDocument(
        facts={name: write_fact(fact) for name, fact in facts.items()},
        derived={name: _derived(one, workspace) for name, one in workspace.catalogue.derived.items()},
        policy=_policy(workspace),
        personal=tuple(_personal(workspace)),
        rule_sets=tuple(
            _RuleSetCompiler(rule_set, workspace).document()
            for rule_set in sorted(workspace.rule_sets, key=lambda rule_set: rule_set.name)
        ),
        reasons=BUILT_IN_REASONS,
    )
    text = canonical_with_floats(document.model_dump(mode="json"))
    return Bundle.from_canonical(text, sources=map_places(workspace))


def _normal(expr: Expr, facts: Mapping[str, Fact]) -> Expr:
    """The expression with canonical texts, as it will be read back from the bundle."""
    return read_expression(write_expression(expr, facts), facts)


def compile_condition(expr: Expr, words: Vocabulary) -> ConditionDocument:
    """One condition with its T and F; `words` holds the definitions that it names."""
    normal = _normal(expr, words.facts)
    return ConditionDocument(
        when=write_expression(normal, words.facts), true=is_true(normal, words), false=is_false(normal, words)
    )


def _derived(derived: Derived, workspace: Workspace) -> DerivedDocument:
    words = Vocabulary(workspace.catalogue.facts, band_definitions(workspace.catalogue), inline=True)
    return write_derived(derived, compile_condition(derived.where, words) if derived.where else None)


def _policy(workspace: Workspace) -> PolicyDocument:
    words = Vocabulary(workspace.catalogue.facts, band_definitions(workspace.catalogue))
    conditions = {
        one.id: compile_condition(one.when, words)
        for one in workspace.policy.suppressions
        if one.when is not None
    }
    return write_policy(workspace.policy, conditions)


# -- rule sets ----------------------------------------------------------------------------------


def definitions_of(rule_set: RuleSet, workspace: Workspace) -> Mapping[str, Definition]:
    """The rule set's own definitions and the built-in ones."""
    return {**band_definitions(workspace.catalogue), **rule_set.definitions}


class _RuleSetCompiler:
    def __init__(self, rule_set: RuleSet, workspace: Workspace) -> None:
        facts = workspace.catalogue.facts
        self.rule_set = rule_set
        self.definitions = {
            name: Definition(name, _normal(definition.when, facts), definition.if_unknown, definition.place)
            for name, definition in definitions_of(rule_set, workspace).items()
        }
        self.words = Vocabulary(facts, self.definitions)

    def document(self) -> RuleSetDocument:
        return RuleSetDocument(
            name=self.rule_set.name,
            timezone=self.rule_set.timezone,
            hit_policy=self.rule_set.hit_policy,
            only_when=self._find(self.rule_set.only_when),
            definitions={name: self._definition(definition) for name, definition in self.definitions.items()},
            rules=tuple(self._rule(rule) for rule in self.rule_set.rules),
            undecided=self._undecided(self.rule_set.undecided),
            otherwise=tuple(self._reason(reason) for reason in self.rule_set.otherwise),
        )

    def _find(self, expr: Expr | None) -> ConditionDocument | None:
        return None if expr is None else compile_condition(expr, self.words)

    def _definition(self, definition: Definition) -> DefinitionDocument:
        written = write_expression(definition.when, self.words.facts)
        return DefinitionDocument(when=written, if_unknown=definition.if_unknown)

    def _rule(self, rule: Rule) -> RuleDocument:
        return RuleDocument(
            id=rule.id,
            title=rule.title,
            because=rule.because,
            condition=compile_condition(rule.when, self.words),
            play=rule.play,
            params=rule.params,
            effective_from=rule.effective_from,
            effective_until=rule.effective_until,
            mode=rule.mode,
            rollout=rule.rollout,
            gates=write_holding(rule),
        )

    def _undecided(self, undecided: Undecided) -> UndecidedDocument:
        return UndecidedDocument(
            condition=self._find(undecided.when),
            play=undecided.play,
            params=undecided.params,
            gates=write_holding(undecided),
        )

    def _reason(self, reason: Reason) -> ReasonDocument:
        condition = compile_condition(reason.when, self.words)
        return ReasonDocument(code=reason.code, text=reason.text, condition=condition)


# -- personal atoms -----------------------------------------------------------------------------


def _personal(workspace: Workspace) -> Iterator[PersonalDocument]:
    """The distinct atoms that read personal facts, in the order in which they first occur."""
    words = Vocabulary(workspace.catalogue.facts, {}, inline=True)
    seen: set[str] = set()
    for atom in _atoms(workspace):
        normal = _normal(atom, words.facts)
        text = getattr(normal, "text", "")
        if words.facts[atom.fact].pii and text not in seen:
            seen.add(text)
            yield PersonalDocument(text=text, condition=compile_condition(atom, words))


def _atoms(workspace: Workspace) -> Iterator[Atom]:
    for rule_set in sorted(workspace.rule_sets, key=lambda rule_set: rule_set.name):
        definitions = definitions_of(rule_set, workspace)
        for _, expr in conditions_of(rule_set):
            yield from list_atoms(expr, definitions)
    for suppression in workspace.policy.suppressions:
        if suppression.when is not None:
            yield from list_atoms(suppression.when, band_definitions(workspace.catalogue))
