"""The key of links: made once, readable by its owner alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from boucle.engine.link_keys import FILE, BadLinkKeyError, read_keys


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    keys = read_keys((), tmp_path / "data")
    assert [len(key) for key in keys.keys] == [32]
    assert read_keys((), tmp_path / "data") == keys
    assert (tmp_path / "data" / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


def test_many_who_ask_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: read_keys((), tmp_path), range(64)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_keys_that_are_set_win_over_the_file(tmp_path: Path) -> None:
    new, old = "ab" * 32, "cd" * 32
    assert read_keys((new, old), tmp_path).keys == (bytes.fromhex(new), bytes.fromhex(old))
    assert list(tmp_path.iterdir()) == []


def test_an_old_key_in_the_file_is_accepted_still(tmp_path: Path) -> None:
    (old,) = read_keys((), tmp_path).keys
    path = tmp_path / FILE
    path.write_text("ab" * 32 + "\n" + path.read_text("ascii"), encoding="ascii")
    assert read_keys((), tmp_path).keys == (bytes.fromhex("ab" * 32), old)


@pytest.mark.parametrize("text", ["hush", "ab" * 31, "zz" * 32, ""])
def test_a_key_that_is_none_is_refused_without_being_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="ascii")
    with pytest.raises(BadLinkKeyError, match="a key for links is 64 or more hexadecimal digits") as caught:
        read_keys((), tmp_path)
    assert not text or text not in str(caught.value)
