"""Why, in one sentence: the author's template, or what the winner's condition rested on.

Unknown facts read as "not known"; a personal fact's value is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from boucle.rules.bundle import Bundle, CompiledRule, CompiledRuleSet
from boucle.rules.catalogue import Fact
from boucle.rules.condition import Known
from boucle.rules.encoding import decode_value
from boucle.rules.phrases import NOT_KNOWN, word_constant, word_value
from boucle.rules.reading import Reading
from boucle.rules.trace import Ground, find_grounds, trace

_NAMED = re.compile(r"\{([^{}]*)\}")


def explain_winner(bundle: Bundle, rule_set: CompiledRuleSet, rule: CompiledRule, reading: Reading) -> str:
    """The winner's `because`; without one, the atoms on which its condition rests, with what was found."""
    if rule.because is not None:
        return render_template(rule.because, bundle, reading)
    path = f"{rule_set.name}/rules/{rule.id}/when"
    traced = trace(bundle, rule_set, path, rule.condition.when, reading)
    said = (
        word_ground(ground, bundle.catalogue.facts[ground.atom.fact], reading)
        for ground in find_grounds(traced)
    )
    return "; ".join(dict.fromkeys(said))


def explain_undecided(rules: Iterable[CompiledRule], reading: Reading) -> str:
    """Which rules could not be told, and for want of which facts."""
    unknown = frozenset(reading.unknown)
    said = (f"{rule.id} ({', '.join(sorted(rule.reads & unknown))} {NOT_KNOWN})" for rule in rules)
    return f"No rule holds, and these could not be told: {'; '.join(said)}"


def render_template(template: str, bundle: Bundle, reading: Reading) -> str:
    """The template with each `{fact}` replaced by its value."""

    def found(match: re.Match[str]) -> str:
        fact = bundle.catalogue.facts.get(match[1])
        return match[0] if fact is None else word_found(fact, reading)

    return _NAMED.sub(found, template)


def word_found(fact: Fact, reading: Reading, *, quoted: bool = False) -> str:
    """A fact's value as found; unknown and personal ones without a value."""
    if fact.name in reading.unknown:
        return NOT_KNOWN
    if fact.name not in reading.known:
        return "not shown"
    value = decode_value(fact, reading.known[fact.name])
    return word_constant(value) if quoted else word_value(value)


def word_ground(ground: Ground, fact: Fact, reading: Reading) -> str:
    """An atom with what was found: `nps in 0..6 (3)`."""
    text = f"not {ground.atom.text}" if ground.negated else ground.atom.text
    return text if isinstance(ground.atom, Known) else f"{text} ({word_found(fact, reading, quoted=True)})"
