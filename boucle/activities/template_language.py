"""The language of templates and scripts: variables in double braces, a few words such as `if` around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

Variables = Mapping[str, frozenset[str]]
"""Every variable that a text may name, with its parts."""


def make_environment() -> SandboxedEnvironment:
    """What texts are written with; it reaches nothing but the variables."""
    return SandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )


def find_faults(
    source: str, variables: Variables, perhaps: frozenset[str] = frozenset()
) -> Iterator[tuple[int, str]]:
    """What cannot be written of a text: the line, and what is wrong with it.

    `perhaps`: variables that there may be nothing for, so that their parts are only named under an `if`.
    """
    try:
        tree = make_environment().parse(source)
    except TemplateSyntaxError as error:
        yield error.lineno, error.message or "the braces don't fit"
        return
    known = ", ".join(_spelled(variables))
    for line, name in sorted(_strangers(tree, variables)):
        yield line, f"unknown variable '{name}'; there are {known}"
    for line, name in sorted(_unguarded(tree, perhaps)):
        base = name.partition(".")[0]
        yield line, f"'{name}' stands outside of {{% if {base} %}}, and there may be none"


def _unguarded(node: nodes.Node, perhaps: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Parts of these variables that are named where nobody has asked whether there are any."""
    if isinstance(node, nodes.If | nodes.CondExpr) and not isinstance(node.test, nodes.Not):
        asked = {
            name.name for name in [*node.test.find_all(nodes.Name), node.test] if isinstance(name, nodes.Name)
        }
        told = [node.expr1] if isinstance(node, nodes.CondExpr) else [*node.body]
        told += [node.test] if isinstance(node.test, nodes.And) else []
        for child in node.iter_child_nodes():
            yield from _unguarded(child, perhaps - asked if any(child is one for one in told) else perhaps)
        return
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in perhaps:
        yield node.lineno, f"{node.node.name}.{node.attr}"
    for child in node.iter_child_nodes():
        yield from _unguarded(child, perhaps)


def _printed(value: Any) -> Any:
    """What is not known (a contact without a name) prints as nothing."""
    return "" if value is None else value


def _spelled(variables: Variables) -> list[str]:
    return [f"{name}.{part}" for name, parts in variables.items() for part in sorted(parts)] + [
        name for name, parts in variables.items() if not parts
    ]


def _strangers(tree: nodes.Template, variables: Variables) -> Iterator[tuple[int, str]]:
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in variables and name.name not in own:
            yield name.lineno, name.name
    for part in tree.find_all(nodes.Getattr):
        base = part.node
        if isinstance(base, nodes.Name) and base.name in variables and part.attr not in variables[base.name]:
            yield part.lineno, f"{base.name}.{part.attr}"
