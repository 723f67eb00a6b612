"""The stage that most tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import rules
from tests.e2e.stage import Stage, start_stage, stop_stage

OVERRIDES = """
projects:
  - match: chinese/*
    language: zh-CN
"""


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    policy = folder / "policy.yaml"
    default = Path(rules.__file__).parent / "policy" / "default.yaml"
    policy.write_text(default.read_text(encoding="utf-8") + OVERRIDES, encoding="utf-8")
    made = start_stage(folder, {"POLICY_FILE": str(policy), "RECONCILE_INTERVAL_SECONDS": "86400"})
    yield made
    stop_stage(made)


@pytest.fixture(autouse=True)
def _undisturbed(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test breaks on purpose does not reach the next."""
    yield
    if "stage" in request.fixturenames:
        stage: Stage = request.getfixturevalue("stage")
        stage.gitlab.faults.clear()
        stage.gitlab.lose_deliveries(False)
        stage.gitlab.world.ref_delay = stage.gitlab.world.prepare_delay = 0.0
