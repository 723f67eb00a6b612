"""``mergewarden rules noise``: from people's words to a proposal for the policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine
from typer.testing import Result

from bot.cli.common import days_of
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.domain.verdict import Presence, TrackedFinding
from bot.errors import MergewardenError
from bot.store import noise, suppressions, triage
from bot.store.engine import write_session
from tests.cli.test_receipt import assert_golden
from tests.cli.within import invoke
from tests.store.known import BANK, SHOP, accepted, add_finding, add_projects
from tests.store.samples import NOON, SAST
from tests.stores import new_store

POLICY = """\
version: 1
block: []
required_scanners: []
noise: {least_comments: 10, false_positive_percent: 50}
"""


class Firm:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "mergewarden.toml"
        self.policy(POLICY)
        self.engine: Engine = new_store(folder / "mergewarden.db")
        self._next = 1
        with write_session(self.engine) as writing:
            add_projects(writing)

    def policy(self, text: str) -> None:
        (self.folder / "policy.yaml").write_text(text)
        self.config.write_text(
            f"data_dir = {json.dumps(str(self.folder))}\npolicy_file = {json.dumps(str(self.folder / 'policy.yaml'))}\n"
        )
        self.config.chmod(0o600)

    def comments(self, rule: str, count: int, *, false: int = 0, scanner: str = "semgrep", project: int = SHOP) -> None:
        with write_session(self.engine) as writing:
            for index in range(count):
                number, self._next = self._next, self._next + 1
                finding = replace(SAST, scanner=scanner, rule_id=rule, fingerprint=f"{number:064x}")
                add_finding(writing, number, finding, project_id=project)
                noise.note_commented(writing, project, 7, [TrackedFinding(finding, Presence.NEW, number=number)])
                if index < false:
                    made = suppressions.create(
                        writing,
                        accepted(number, project_id=project, justification=Justification.FALSE_POSITIVE),
                    )
                    word = TriageEvent(
                        number,
                        NOON,
                        "alice",
                        TriageState.DETECTED,
                        TriageState.DISMISSED,
                        Justification.FALSE_POSITIVE,
                        "a constant",
                        "cli",
                        made.id,
                    )
                    triage.record(writing, word)

    def run(self, *arguments: str) -> Result:
        command = ["rules", "noise", *arguments, "--config", str(self.config)]
        return invoke(command, env={"COLUMNS": "120"})

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert (done.exit_code, done.exception) == (0, None), (done.output, done.exception)
        return "\n".join(line.rstrip() for line in done.output.split("\n"))


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    made = Firm(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def noisy(firm: Firm) -> Firm:
    firm.comments("python.sql-injection", 12, false=1)
    firm.comments("python.weak-hash", 12, false=11)
    firm.comments("python.weak-hash", 4, false=4, project=BANK)
    firm.comments("B101", 3, false=3, scanner="bandit")
    firm.comments("[b]\u202eold*", 20, false=20, scanner="odd", project=BANK)
    return firm


def test_without_a_comment_there_is_nothing_to_say(firm: Firm) -> None:
    assert firm.ok() == "no finding had a discussion in the last 90 days\n"


def test_the_report_reads_as_agreed(noisy: Firm) -> None:
    assert_golden("rules_noise.txt", noisy.ok("--since", "30d"))
    assert_golden("rules_noise.json", noisy.ok("--format", "json"))


def test_one_project_is_judged_by_its_own_numbers(noisy: Firm) -> None:
    assert_golden("rules_noise_project.txt", noisy.ok("--project", "shop/backend"))


def test_the_proposal_put_into_the_policy_is_proposed_no_longer(noisy: Firm) -> None:
    snippet = json.loads(noisy.ok("--format", "json"))["snippet"]
    assert len(yaml.safe_load(snippet)["rule_modes"]) == 1
    noisy.policy(POLICY + snippet)
    after = json.loads(noisy.ok("--format", "json"))
    assert [rule["scanner"] for rule in after["proposed"]] == ["odd"]
    assert yaml.safe_load(after["snippet"]) is None
    assert [rule["demoted"] for rule in after["rules"] if rule["rule_id"] == "python.weak-hash"] == [True]
    assert "none is to be demoted" in noisy.ok("--project", "shop/backend")


@pytest.mark.parametrize("text", ["", "d", "0d", "-1", "3651d", "1w", "９0", "99999999999999999999"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(MergewardenError, match="number of days") as caught:
        days_of(text)
    assert caught.value.hint


def test_days_are_written_with_or_without_their_letter() -> None:
    assert (days_of("90d"), days_of("7"), days_of(" 30d ")) == (90, 7, 30)
