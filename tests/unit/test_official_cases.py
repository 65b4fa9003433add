"""The program that judges a JSONLogic implementation's own cases, on a few of our own in their form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.oracles.lifting import lift
from tests.oracles.official import judge, read_cases, tell

CASES = """
[
  "# Numbers",
  [{"<": [{"var": "age"}, 18]}, {"age": 17}, true],
  [{"<=": [1, {"var": "age"}, 17]}, {"age": 18}, false],
  [{"===": [{"var": "bill.total"}, 12.50]}, {"bill": {"total": 12.5}}, true],
  "# Words",
  [{"in": [{"var": "town"}, ["Brest", "Nantes"]]}, {"town": "Nantes"}, true],
  [{"in": ["port", {"var": "note"}]}, {"note": "the old port"}, true],
  [{"in": ["new", {"var": "tags"}]}, {"tags": ["old", "known"]}, false],
  [{"and": [{"var": "paid"}, {"!": {"var": "late"}}]}, {"paid": true, "late": false}, true],
  "# What a condition cannot say",
  [{"<": [{"var": ["age", 0]}, 18]}, {}, true],
  [{"<": [{"var": "age"}, 18]}, {}, true],
  [{"==": [{"var": "age"}, "17"]}, {"age": 17}, true],
  [{"+": [{"var": "age"}, 1]}, {"age": 17}, 18],
  [{"or": [{"var": "age"}, 3]}, {"age": 17}, 17],
  [[1, 2], {}, [1, 2]],
  "# A mistake of the case's author",
  [{">": [{"var": "age"}, 18]}, {"age": 17}, true]
]
"""


def test_each_case_is_the_same_or_refused_with_a_reason_and_a_wrong_one_is_found() -> None:
    outcomes = [judge(*case) for case in read_cases(CASES)]
    assert [outcome.kind for outcome in outcomes] == ["same"] * 7 + ["refused"] * 6 + ["wrong"]
    assert [outcome.code for outcome in outcomes[7:13]] == ["B027", "B011", "B016", "B064", "B067", "B032"]
    told = tell(outcomes)
    assert "   14 cases\n    7 with the stated result\n    6 refused\n" in told
    assert '{">": [{"var": "age"}, 18]}: stated is true, ours is false' in told


@pytest.mark.parametrize(
    ("rule", "lifted", "data"),
    [
        ({"<": [1, 2]}, {"<": [{"var": "c1"}, 2]}, {"c1": 1}),
        ({"<": [1, 2, 3]}, {"<": [1, {"var": "c1"}, 3]}, {"c1": 2}),
        ({"in": ["a", "cat"]}, {"in": ["a", {"var": "c1"}]}, {"c1": "cat"}),
        ({"in": ["a", ["b"]]}, {"in": [{"var": "c1"}, ["b"]]}, {"c1": "a"}),
        ({"!": True}, {"!": [{"var": "c1"}]}, {"c1": True}),
        (
            {"and": [{">": [3, 1]}, False]},
            {"and": [{">": [{"var": "c1"}, 1]}, {"var": "c2"}]},
            {"c1": 3, "c2": False},
        ),
        ({"==": [{"var": "a"}, 1]}, {"==": [{"var": "a"}, 1]}, {"a": 1}),
    ],
)
def test_facts_stand_where_constants_were(rule: Any, lifted: Any, data: dict[str, Any]) -> None:
    before = {"a": 1} if "a" in data else {}
    assert lift(json.loads(json.dumps(rule)), before) == (lifted, data)
