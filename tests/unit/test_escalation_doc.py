"""docs/escalation.md: its example is read as a rule is, its table says what the model says."""

from __future__ import annotations

import re

import yaml

from boucle.workflows.csm_case_params import CsmCaseParams
from boucle.workflows.ladder_params import LadderLevel
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs/escalation.md").read_text(encoding="utf-8")


def test_the_example_is_a_rule_s() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    read = CsmCaseParams.model_validate(yaml.safe_load(found[1])["with"])
    names = [level.when.name for level in read.terms.ladder]
    assert len(names) == 9
    assert "late-first_contact-4bh" in names
    assert str(read.terms.silence.after) == "3 business days"


def test_every_key_of_a_level_is_documented_as_it_is() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", PAGE, re.MULTILINE))
    fields = {name: field.description for name, field in LadderLevel.model_fields.items()}
    assert {name: documented.get(name) for name in fields} == fields
