"""Every way in which a command can end has its exit code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boucle.commands import failures
from boucle.errors import BoucleError, NotFoundError, RefusedError, UnreachableError


def ending(error: BaseException) -> Callable[[], object]:
    def app() -> object:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SystemExit(0), 0),
        (SystemExit(2), 2),
        (SystemExit(None), 0),
        (SystemExit("text"), 1),
        (NotFoundError("loop", "x"), 1),
        (RefusedError("no_case", "no"), 1),
        (BoucleError("usage"), 2),
        (UnreachableError("the database", "x"), 3),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 1),
    ],
)
def test_an_end_has_its_exit_code(error: BaseException, code: int) -> None:
    assert failures.run(ending(error)) == code


def test_an_expected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    failures.run(ending(NotFoundError("loop", "x")))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "boucle: no loop 'x'\n")


def test_a_file_that_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code = failures.run(ending(PermissionError(13, "Permission denied", "/srv/shop/boucle.toml")))
    assert code == 2
    assert capsys.readouterr().err == "boucle: /srv/shop/boucle.toml cannot be used: permission denied\n"


def test_a_traceback_is_shown_only_when_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUCLE_DEBUG", raising=False)
    failures.run(ending(NotFoundError("loop", "x")))
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv("BOUCLE_DEBUG", "1")
    failures.run(ending(NotFoundError("loop", "x")))
    assert "Traceback" in capsys.readouterr().err
