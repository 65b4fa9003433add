"""The shape of the code: short functions, files that fit one subject."""

from __future__ import annotations

import ast
import statistics

from tests.house.source_tree import ROOT, functions, modules, python_files

MEDIAN_LINES = 9
USUAL_LINES = 20
USUAL_SHARE = 0.8
MOST_LINES = 60
MOST_FILE_LINES = 600


def test_functions_are_short() -> None:
    lengths = [length for module in modules() for _, _, length in functions(module.tree)]
    usual = sum(length <= USUAL_LINES for length in lengths) / len(lengths)
    figures = f"{len(lengths)} functions, median {statistics.median(lengths)}, {usual:.1%} usual"
    assert statistics.median(lengths) <= MEDIAN_LINES, figures
    assert usual >= USUAL_SHARE, figures


def test_no_function_is_long() -> None:
    wrong = []
    for path in python_files("boucle", "tests", "benchmarks"):
        for name, line, length in functions(ast.parse(path.read_text(encoding="utf-8"))):
            if length > MOST_LINES:
                wrong.append(f"{path.relative_to(ROOT)}:{line} {name} has {length} lines")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_long() -> None:
    wrong = []
    for path in python_files("boucle", "tests", "benchmarks"):
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > MOST_FILE_LINES:
            wrong.append(f"{path.relative_to(ROOT)} has {length} lines")
    assert not wrong, "\n".join(wrong)
