"""``docs/maturity.md`` says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model_file import NOT_FOR_SCORES, load_model
from bot.domain.maturity.model_format import EXAMPLES
from bot.domain.maturity.model_schema import schema_text
from bot.model_files import MAX_FILES, shipped_models

TEXT = (Path(__file__).parents[3] / "docs" / "maturity.md").read_text(encoding="utf-8")
WHERE = {
    "": "always",
    "projects.assessed": "all scanners answered",
    "projects.sast": "static scanners answered",
    "projects.dependency": "dependency scanners answered",
    "projects.secret": "secret scanners answered",
}


def examples() -> list[str]:
    return [block.split("```", 1)[0] for block in TEXT.split("```yaml\n")[1:]]


@pytest.mark.parametrize("number", range(len(examples())))
def test_every_example_is_read_and_valid_for_editors(number: int) -> None:
    model = load_model(examples()[number].encode(), "docs/maturity.md")
    assert list(model.demands)
    document = yaml.safe_load(examples()[number])
    assert list(Draft202012Validator(json.loads(schema_text())).iter_errors(document)) == []


def test_the_table_of_figures_is_that_of_the_code() -> None:
    rows = [
        f"| `{name}` | {measure.title} | {measure.unit.value} | {measure.better.value} | "
        f"{'cannot be asked for' if name in NOT_FOR_SCORES else WHERE[measure.counts_with]} |"
        for name, measure in MEASURES.items()
    ]
    table = TEXT[TEXT.index("| measure |") :].split("\n\n")[0].strip().split("\n")
    assert table[2:] == rows


def test_the_shipped_models_are_named_and_the_inference_is_called_one() -> None:
    named = re.findall(
        r"^\| `([a-z0-9-]+)` \|", TEXT[TEXT.index("| model |") : TEXT.index("## Add a model")], re.MULTILINE
    )
    assert sorted(named) == sorted(model.id for model in shipped_models())
    assert "our inference and no official rating" in TEXT


def test_keys_and_limits_are_those_of_the_format() -> None:
    keys = set(re.findall(r"`([a-z_]+)`", TEXT[TEXT.index("| key |") : TEXT.index("A threshold of a share")]))
    assert keys - {"true"} <= {*EXAMPLES, "levels", "answers", "points", "practice", "outcome"}
    assert f"at most {MAX_FILES}" in TEXT
