"""Whether a workspace's rules may be put in force: no error, no test that fails, every guarantee proved."""

from __future__ import annotations

from collections.abc import Iterator

from boucle.commands.output import now, say
from boucle.commands.ruling import analyse, check_workspace
from boucle.commands.testing import Tested, run_tests
from boucle.errors import BoucleError
from boucle.rules.analysis.guarantee_text import render_proofs
from boucle.rules.analysis.guarantees import Proof, prove
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.testing.results import render_text, summarise
from boucle.settings import Settings


class NotGreenError(BoucleError):
    """Rules that are well written, and yet fail a test or a guarantee; nothing was put in force."""

    exit_code = 1

    def __init__(self, why: str) -> None:
        super().__init__(f"nothing was put in force:\n{why}")


def require_sound(settings: Settings) -> Bundle:
    """The workspace's bundle, without any error of `rules check`; MistakesError."""
    return compile_workspace(analyse(check_workspace(settings.workspace)).require())


def require_green(settings: Settings) -> Bundle:
    """The workspace's bundle, all green: MistakesError or NotGreenError says what is not."""
    tested = run_tests(analyse(check_workspace(settings.workspace)))
    workspace, bundle = tested.workspace, tested.bundle
    proofs = prove(workspace, bundle, now().astimezone().date())
    problems = [*_failed(tested), *_unproved(proofs)]
    if problems:
        raise NotGreenError("\n\n".join(problems))
    rules = sum(len(rule_set.rules) for rule_set in workspace.rule_sets)
    say(f"{rules} rule(s) checked; {summarise(tested.results)}; {len(proofs)} guarantee(s) proved")
    return bundle


def _failed(tested: Tested) -> Iterator[str]:
    if not all(result.passed for result in tested.results):
        yield f"{render_text(tested.bundle, tested.results)}\n\n{summarise(tested.results)}"


def _unproved(proofs: list[Proof]) -> Iterator[str]:
    left = [proof for proof in proofs if proof.verdict != "PROVED"]
    if left:
        yield render_proofs(left)
