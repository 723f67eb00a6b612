"""A decision on the command line has the open merge requests judged again that it concerns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.pipeline.engine import migrate_engine
from bot.store import heads
from bot.store.engine import session, write_session
from bot.store.heads import HeadState
from tests.cli.within import invoke
from tests.store.known import FEATURE, SHOP, add_finding, add_presence, add_projects, add_refs, add_word
from tests.stores import new_store

NEXT_MONTH = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
POLICY = "version: 1\nblock: []\nrequired_scanners: []\nsuppressions: {second_person: always}\n"


class Desk:
    """A data directory with a finding on merge request 7, and the commands on it within this process."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "mergewarden.toml"
        policy = folder / "policy.yaml"
        policy.write_text(POLICY)
        self.config.write_text(f"data_dir = {json.dumps(str(folder))}\npolicy_file = {json.dumps(str(policy))}\n")
        self.config.chmod(0o600)
        self.url = f"sqlite:///{folder / 'mergewarden.db'}"
        self.engine: Engine = new_store(folder / "mergewarden.db")

    def run(self, *arguments: str) -> str:
        done = invoke([*arguments, "--config", str(self.config)])
        assert (done.exit_code, done.exception) == (0, None), (done.output, done.exception)
        return done.output

    def dismiss(self) -> str:
        return self.run(
            *("findings", "decide", "1", "--state", "dismissed", "--as", "false_positive"),
            *("--reason", "a constant", "--until", NEXT_MONTH, "--by", "alice"),
        )

    def jobs(self) -> list[str]:
        with session(self.engine) as reading:
            rows = reading.execute(text("SELECT workflow_uuid FROM workflow_status ORDER BY created_at"))
            return [row[0].rpartition(":")[0] for row in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    migrate_engine(made.url)
    with write_session(made.engine) as opened:
        add_projects(opened)
        add_refs(opened)
        add_finding(opened, 1)
        add_presence(opened, 1, FEATURE)
        add_word(opened, 1, 2)
        heads.raise_sequence(opened, SHOP, 7)
    yield made
    made.engine.dispose()


def test_each_step_of_a_decision_is_judged_at_once(desk: Desk) -> None:
    said = "1 open merge request will be judged again at once"
    assert said in desk.dismiss()
    assert said in desk.run("suppressions", "approve", "1", "--by", "bob")
    assert said in desk.run("suppressions", "revoke", "1", "--by", "bob")
    add = ("suppressions", "add", "--scanner", "semgrep", "--rule", "python.sql-injection")
    assert said in desk.run(*add, "--as", "false_positive", "--reason", "x", "--until", NEXT_MONTH)
    assert desk.jobs() == [f"sync:{SHOP}!7:1"] * 4


def test_nothing_is_judged_that_has_ended_or_does_not_have_it(desk: Desk) -> None:
    with write_session(desk.engine) as opened:
        heads.close_head(opened, SHOP, 7, HeadState.MERGED)
    assert "judged again" not in desk.dismiss()
    assert desk.jobs() == []
