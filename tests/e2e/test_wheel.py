"""The wheel carries the starter workspaces: `boucle init` works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "rules/nps"


def _build(folder: Path) -> Path:
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(ROOT)],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("boucle-*.whl")
    return wheel


def test_init_from_an_installed_wheel_makes_the_starter_workspace_in_french(tmp_path: Path) -> None:
    wheel = _build(tmp_path)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    call = ["boucle", "init", "shop", "--lang", "fr"]
    init = f"import sys; sys.argv = {call}; from boucle.cli import entry; entry()"
    done = subprocess.run(
        [sys.executable, "-c", init],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path / "shop") for path in (tmp_path / "shop").rglob("*") if path.is_file()}
    files = {path.relative_to(STARTER) for path in STARTER.rglob("*") if path.is_file()}
    expected = {path for path in files if path.parts[0] != "fr"}
    assert made == expected | {Path(".boucle/.gitignore")}
    rules = Path("rules/nps.yaml")
    assert (tmp_path / "shop" / rules).read_bytes() == (STARTER / "fr" / rules).read_bytes()


def test_the_wheel_holds_the_package_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(_build(tmp_path)) as archive:
        roots = {name.split("/")[0] for name in archive.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"boucle"}
