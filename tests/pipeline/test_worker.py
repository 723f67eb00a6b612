"""The rhythms of a worker process: what is due again and again, and what one failure keeps from being done."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.job_board import JobState
from bot.domain.suppression import Scope
from bot.errors import ConfigurationError
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue
from bot.pipeline.reminders import remind
from bot.pipeline.worker import WorkerProcess, each_on_its_own, prepare_store
from bot.services import Services
from bot.settings import load_settings
from bot.store import suppressions
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from tests.store.known import accepted


def test_a_policy_that_cannot_be_read_keeps_no_night_from_being_counted(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text("nonsense")
    services = Services(
        load_settings(
            {
                "MERGEWARDEN_DATA_DIR": str(tmp_path / "data"),
                "MERGEWARDEN_POLICY_FILE": str(policy),
                "MERGEWARDEN_NIGHTLY_HOUR": "0",
            }
        ),
        Metrics(),
    )
    prepare_store(services)
    soon = replace(
        accepted(None, scope=Scope.RULE, created_at=datetime.now(UTC)),
        project_id=1,
        scanner="semgrep",
        rule_id="x",
        needs_approval=False,
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    with write_session(services.store) as writing:
        # Nothing is to be collected of it, and somebody is to be reminded by what the policy says.
        upsert_projects(writing, [Project(1, "shop/till")])
        suppressions.create(writing, soon)
    queue = JobQueue(services.settings.database().get_secret_value())
    process = WorkerProcess(services, threading.Event())
    try:
        with pytest.raises(ConfigurationError):
            remind(services, datetime.now(UTC))
        process._nightly()
        jobs = queue.seen(set(JobState), prefix="periodic:count:")
    finally:
        process._queue.close()
        queue.close()
        services.close()
    assert [job.state for job in jobs] == [JobState.WAITING]


def test_a_step_that_fails_keeps_none_of_the_others_from_being_taken() -> None:
    """A policy that cannot be read stops the reminders, and not the night's counting."""
    taken: list[str] = []

    def fail() -> None:
        raise ConfigurationError("policy.yml: line 3 is no rule", "Mend it.")

    def break_down() -> None:
        raise OSError("the disk is full")

    failed = each_on_its_own(
        "nightly",
        {
            "judge": lambda: taken.append("judge"),
            "remind": fail,
            "collect": break_down,
            "submit": lambda: taken.append("submit"),
        },
    )
    assert taken == ["judge", "submit"]
    assert failed == {"remind", "collect"}


def test_where_all_goes_well_no_step_is_named() -> None:
    assert each_on_its_own("round", {"one": lambda: 1, "two": lambda: None}) == frozenset()
