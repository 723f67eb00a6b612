"""``mergewarden policy``: check, schema, simulate and explain, as an operator meets them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Engine, delete, update
from typer.testing import Result

from bot.domain.circumstances import Context, Facts
from bot.domain.policy import OnChanged, Policy, PolicyRule
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    Suppressed,
    TrackedFinding,
)
from bot.errors import MergewardenError
from bot.reports.policy_words import conditions, rule_of
from bot.store.confirmations import Confirmation, confirm
from bot.store.decisions import DecisionInputs, decision_to_json, judge, record_decision
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from bot.store.scans import record_scan
from bot.store.statements import table
from bot.store.tables import DecisionRecord, PolicySnapshotRecord, ScanRecord
from scanners.finding import Confidence, Dependency, FindingKind, Severity
from scanners.interface import ScannerStatus
from tests.cli.within import invoke
from tests.domain.builders import finding, package, run
from tests.store.known import add_finding, add_projects
from tests.stores import new_store

GOLDEN = Path(__file__).parents[1] / "assets" / "golden" / "policy"
SHOP = 5
DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
STRICT = """\
version: 1
block:
  - name: severe weakness in what we ship
    kinds: [sast]
    severity: high
    confidence: medium
    paths: ["src/**"]
    branches: [main]
  - {name: known to be exploited, kinds: [dependency], kev: true}
warn:
  - {name: medium or worse, severity: medium}
monitor:
  - {name: everything, severity: info}
rule_modes:
  - {rules: ["python.new-*"], mode: monitor, reason: on trial until May}
ignore_paths:
  - {path: "tests/fixtures/", reason: vulnerable on purpose}
required_scanners: [semgrep, bandit]
projects:
  - {match: "sandbox/**", block: [], not_assessed: allow}
"""
GROUP = "version: 1\nblock: [{name: shop, severity: low}]\nrequired_scanners: []\nlanguage: zh-CN\n"
HIGH = finding("src/a.py", 3, rule="B501", fingerprint="a" * 64, cwes=(78,), code="h1")
LOW = finding("docs/\x1b[31mb.py", 4, severity=Severity.LOW, fingerprint="b" * 64)
PACKAGE = replace(package("sample", "1.0", advisory="CVE-2026-1"), fingerprint="c" * 64)


class Desk:
    """A data directory, and the commands on it within this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "mergewarden.toml"
        self.config.write_text(f"data_dir = {json.dumps(str(folder))}\n")
        self.config.chmod(0o600)
        self.engine: Engine = new_store(folder / "mergewarden.db")

    def file(self, text: str | bytes, name: str = "policy.yml") -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def run(self, *arguments: str | Path) -> Result:
        return invoke([*map(str, arguments), "--config", str(self.config)], env={"COLUMNS": "160"})

    def ok(self, *arguments: str | Path, status: int = 0) -> str:
        done = self.run(*arguments)
        assert done.exit_code == status, (done.output, done.exception)
        return self.plain(done.stdout)

    def refused(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert isinstance(done.exception, MergewardenError), (done.output, done.exception)
        assert done.exception.hint
        return f"{done.exception} {done.exception.hint}"

    def plain(self, text: str) -> str:
        """Without what differs from one run to the next."""
        return re.sub(r"(?<![0-9a-f])(?!(.)\1{63})[0-9a-f]{64}", "DIGEST", text.replace(str(self.folder), "FOLDER"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    with write_session(made.engine) as opened:
        upsert_projects(opened, [Project(SHOP, "shop/backend"), Project(6, "bank/core")])
    yield made
    made.engine.dispose()


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("MERGEWARDEN_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.exists(), f"{path} is missing; run with MERGEWARDEN_UPDATE_GOLDEN=1 and review it"
    assert text == path.read_text(encoding="utf-8")


def decided(
    desk: Desk,
    *tracked: TrackedFinding,
    policy: Policy,
    inputs: DecisionInputs | None = None,
    iid: int = 7,
    project_id: int = SHOP,
    scan_id: str = "scan-1",
    at: datetime = NOW - DAY,
    because: str = "scan",
) -> GateDecision:
    """Scan, decide and store."""
    known = inputs or DecisionInputs()
    runs = (run("semgrep"), run("bandit", ScannerStatus.TIMED_OUT, reason="no answer after 600 s"))
    path = {SHOP: "shop/backend", 6: "bank/core"}[project_id]
    bare = ScanReport(
        Subject(path, "", iid, "main", "1" * 40, "2f" * 20), tracked, runs, GateDecision(Outcome.PASSED), at, 1.0, 1, 1
    )
    decision = judge(policy, bare, known)
    with write_session(desk.engine) as opened:
        record_scan(opened, replace(bare, decision=decision), project_id=project_id, scan_id=scan_id)
        record_decision(
            opened,
            scan_id=scan_id,
            project_id=project_id,
            iid=iid,
            at=at,
            because=because,
            policy=policy,
            inputs=known,
            decision=decision,
        )
    return decision


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_good_file_is_told_in_a_few_lines(desk: Desk) -> None:
    golden("check.txt", desk.ok("policy", "check", desk.file(STRICT)))


def test_a_groups_file_is_put_under_the_organisations_policy(desk: Desk) -> None:
    desk.file(STRICT, "policy/policy.yml")
    text = desk.ok("policy", "check", desk.file(GROUP, "shop.yml"), "--group")
    golden("check_group.txt", text)
    assert text == desk.ok("policy", "check", desk.file(GROUP, "shop.yml"), "--project")
    other = desk.file("version: 1\nblock: []\nrequired_scanners: []\n", "other.yml")
    text = desk.ok("policy", "check", desk.file(GROUP, "shop.yml"), "--group", "--under", other)
    assert "under FOLDER/other.yml" in text
    assert "not followed" not in text


def test_every_mistake_stands_with_its_line_and_how_to_mend_it(desk: Desk) -> None:
    wrong = (
        "version: 1\nblok: []\nblock:\n  - {name: a, severity: hihg}\n  - {name: b, presence: [gone]}\nlanguage: fr\n"
    )
    done = desk.run("policy", "check", desk.file(wrong))
    assert (done.exit_code, done.stdout) == (2, "")
    golden("check_wrong.txt", desk.plain(done.stderr))


def test_more_mistakes_than_anybody_reads_are_counted(desk: Desk) -> None:
    rules = "".join(f"  - {{name: r{n}, severity: odd}}\n" for n in range(40))
    done = desk.run("policy", "check", desk.file(f"version: 1\nblock:\n{rules}required_scanners: []\n"))
    assert done.exit_code == 2
    assert done.stderr.rstrip().endswith("... and 30 more")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff", "is not UTF-8"), (b"x" * 200_000, "may have 65536 bytes"), (b"", "a policy is a list of settings")],
    ids=["bytes", "huge", "empty"],
)
def test_what_is_no_policy_at_all_is_refused(desk: Desk, content: bytes, says: str) -> None:
    done = desk.run("policy", "check", desk.file(content))
    assert says in f"{done.stderr}{done.exception}"
    assert done.exit_code != 0


def test_a_file_that_is_not_there_and_one_without_end_are_refused(desk: Desk) -> None:
    assert "cannot be read" in desk.refused("policy", "check", desk.folder / "none.yml")
    assert "cannot be read" in desk.refused("policy", "check", desk.folder)
    done = desk.run("policy", "check", Path("/dev/zero"))
    assert done.exit_code == 2


def test_a_hostile_name_in_a_policy_reaches_no_terminal(desk: Desk) -> None:
    text = 'version: 1\nblock: [{name: "\u202eevil", paths: ["a\u2028b"]}]\nrequired_scanners: []\n'
    done = desk.run("policy", "check", desk.file(text))
    assert not re.search("[\x1b\u202e\u2028]", done.output)


# --- schema -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--project"]], ids=["organisation", "project"])
def test_the_schema_is_printed_and_is_one(desk: Desk, options: list[str]) -> None:
    done = invoke(["policy", "schema", *options])
    assert done.exit_code == 0, done.exception
    schema = json.loads(done.stdout)
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    assert valid({"version": 1, "block": [], "required_scanners": []})
    assert not valid({"version": 1, "block": 3, "required_scanners": []})


# --- simulate ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Three merge requests in two projects, judged by a policy that lets everything through."""
    lax = Policy(not_assessed=Policy().not_assessed)
    facts = Context("main", today=date(2026, 3, 1), facts={"c" * 64: Facts(kev=True)})
    decided(desk, TrackedFinding(HIGH, Presence.NEW), TrackedFinding(LOW, Presence.NEW), policy=lax, scan_id="1")
    decided(
        desk,
        TrackedFinding(PACKAGE, Presence.NEW),
        policy=lax,
        scan_id="2",
        iid=8,
        inputs=DecisionInputs(context=facts),
    )
    decided(desk, TrackedFinding(LOW, Presence.NEW), policy=lax, scan_id="3", iid=1, project_id=6)
    return desk


def test_what_a_file_would_have_done_is_told_by_project(busy: Desk) -> None:
    golden("simulate.txt", busy.ok("policy", "simulate", busy.file(STRICT)))


def test_the_same_as_json(busy: Desk) -> None:
    text = busy.ok("policy", "simulate", busy.file(STRICT), "--since", "10d", "--format", "json")
    document = json.loads(text)
    assert document["policy"]["file"] == "FOLDER/policy.yml"
    begin, end = (datetime.fromisoformat(document.pop(key)) for key in ("since", "at"))
    assert end - begin == timedelta(days=10)
    golden("simulate.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def test_projects_and_days_are_chosen(busy: Desk) -> None:
    text = busy.ok("policy", "simulate", busy.file(STRICT), "--project", "bank/**", "--since", "2")
    assert "bank/core: 1 scan of 1 merge request" in text
    assert "shop/backend" not in text
    decided(busy, policy=Policy(), scan_id="old", iid=9, at=NOW - 20 * DAY)
    assert "4 scans" in busy.ok("policy", "simulate", busy.file(STRICT))
    assert "3 scans" in busy.ok("policy", "simulate", busy.file(STRICT), "--since", "10d")


def test_nothing_that_is_stored_is_nothing_to_judge(desk: Desk) -> None:
    assert "together: 0 projects, 0 scans" in desk.ok("policy", "simulate", desk.file(STRICT))


@pytest.mark.parametrize("since", ["0d", "soon", "-3d", "99999d"])
def test_wrong_use_is_refused(desk: Desk, since: str) -> None:
    desk.refused("policy", "simulate", desk.file(STRICT), f"--since={since}")
    desk.refused("policy", "simulate", desk.file(STRICT), "--project", "!x")
    desk.refused("policy", "simulate", desk.file("version: 1\n"))


# --- explain ----------------------------------------------------------------------------------------------------------

EXPLAINED = Policy(
    block=(
        PolicyRule(
            "severe weakness in what we ship",
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            kinds=frozenset({FindingKind.SAST}),
            paths=("src/**",),
            branches=("main",),
        ),
        PolicyRule("known to be exploited", kinds=frozenset({FindingKind.DEPENDENCY}), kev=True, epss=0.1),
    ),
    warn=(PolicyRule("medium or worse", severity=Severity.MEDIUM),),
    monitor=(PolicyRule("everything"),),
    required_scanners=frozenset({"semgrep"}),
    changed=OnChanged.WARN,
    layers=(
        "security/policies@aaaa:policy.yml",
        "security/policies@aaaa:groups/shop.yml",
        ".mergewarden.yml@bbbb",
    ),
)
CHANGED = finding("src/c.py", 9, fingerprint="d" * 64, rule="B301")
CONFIRMED = finding("src/d.py", 5, fingerprint="e" * 64, rule="B302", code="old")
UNNAMED = finding("src/e.py", 6, fingerprint="9" * 64, rule="B303")


def explained(desk: Desk) -> GateDecision:
    with write_session(desk.engine) as opened:
        add_projects(opened)
        add_finding(opened, 814, CONFIRMED)
        word = Confirmation(814, "old", None, "grace", 3, "as agreed", NOW - 2 * DAY)
        confirm(opened, SHOP, 7, word)
    return decided(
        desk,
        TrackedFinding(HIGH, Presence.NEW, number=812),
        TrackedFinding(LOW, Presence.NEW),
        TrackedFinding(PACKAGE, Presence.NEW, number=813),
        TrackedFinding(CHANGED, Presence.CHANGED),
        TrackedFinding(CONFIRMED, Presence.CHANGED, number=814),
        TrackedFinding(UNNAMED, Presence.CHANGED),
        TrackedFinding(finding("src/f.py", fingerprint="f" * 64), Presence.NEW),
        policy=EXPLAINED,
        because="decided",
        inputs=DecisionInputs(
            confirmed=frozenset({"e" * 64, "9" * 64}),
            suppressed={
                "f" * 64: Suppressed("f" * 64, 3, "the code itself asks to pass over it, on line 3: \x1b[31mnosec")
            },
            context=Context("main", frozenset({"urgent"}), False, date(2026, 3, 1), {"c" * 64: Facts(0.42, True)}),
            extra_reasons=(
                Reason(ReasonCode.PROJECT_POLICY_REFUSED, "groups/shop.yml: unread_files", "wanted ignore, kept warn"),
                Reason(ReasonCode.POLICY_NOT_CURRENT, "policy.yml", "policy.yml:1: 'block' is missing"),
            ),
        ),
    )


def without_times(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\+00:00)?", "TIME", text)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_last_decision_is_explained(desk: Desk, language: str) -> None:
    decision = explained(desk)
    assert {violation.effect for violation in decision.violations} == set(Effect)
    text = without_times(desk.ok("policy", "explain", "shop/backend!7", "--language", language))
    golden(f"explain.{language}.txt", text)
    assert "\x1b" not in text


def test_the_explanation_as_json(desk: Desk) -> None:
    explained(desk)
    text = without_times(desk.ok("policy", "explain", "shop/backend!7", "--format", "json"))
    document = json.loads(text)
    assert document["policy"].pop("settings")["version"]
    golden("explain.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def test_a_decision_that_comes_out_otherwise_today_is_said_loudly(desk: Desk) -> None:
    explained(desk)
    records = table(DecisionRecord)
    with write_session(desk.engine) as opened:
        passed = decision_to_json(GateDecision(Outcome.PASSED))
        opened.execute(update(records).values(result=passed, outcome=Outcome.PASSED))
    text = desk.ok("policy", "explain", "shop/backend!7", status=1)
    assert "MADE AGAIN TODAY FROM THE STORE, IT IS ANOTHER DECISION (outcome: passed -> failed" in text
    document = json.loads(desk.ok("policy", "explain", "shop/backend!7", "--format", "json", status=1))
    assert document["replay"]["same"] is False
    assert document["replay"]["differences"][0] == "outcome: passed -> failed"


def test_a_decision_without_its_policy_is_shown_and_cannot_be_made_again(desk: Desk) -> None:
    explained(desk)
    with write_session(desk.engine) as opened:
        opened.execute(delete(table(PolicySnapshotRecord)))
    text = desk.ok("policy", "explain", "shop/backend!7", status=3)
    assert "It cannot be made again today: policy" in text
    assert "severe weakness in what we ship" in text


def test_a_merge_request_without_a_decision_is_refused_with_a_hint(desk: Desk) -> None:
    explained(desk)
    assert "no stored decision about shop/backend!8" in desk.refused("policy", "explain", "shop/backend!8")
    assert "shop/backend!7" in desk.refused("policy", "explain", "shop/backend")
    assert "shop/backend!7" in desk.refused("policy", "explain", "7")
    desk.refused("policy", "explain", "no/such!7")
    with write_session(desk.engine) as opened:
        opened.execute(delete(table(ScanRecord)))
    desk.refused("policy", "explain", "shop/backend!7")


# --- words ------------------------------------------------------------------------------------------------------------


def test_every_condition_of_a_rule_is_told_with_what_it_met() -> None:
    rule = PolicyRule(
        "all",
        Severity.LOW,
        Confidence.MEDIUM,
        frozenset({FindingKind.DEPENDENCY}),
        ("*.txt",),
        ("old/",),
        frozenset({Presence.EXISTING}),
        frozenset({78}),
        ("CVE-*",),
        ("pip-*",),
        True,
        0.1,
        True,
        ("AGPL-*",),
        True,
        ("main",),
        frozenset({"urgent"}),
        False,
    )
    item = TrackedFinding(
        replace(PACKAGE, cwes=(78,), dependency=Dependency("PyPI", "sample", "1", ("CVE-2026-1",), ("2",))),
        Presence.EXISTING,
    )
    facts = Facts(0.5, True, ("AGPL-3.0-only",), date(2026, 1, 1))
    context = Context("main", frozenset({"urgent"}), False, date(2026, 3, 1), {"c" * 64: facts})
    told = {one.key: (one.asked, one.found) for one in conditions(rule, item, context)}
    left_out = {"name", "presences", "kinds"}
    assert set(told) >= {name for name in PolicyRule.__dataclass_fields__ if name not in left_out}
    assert told["epss"] == ("0.1", "0.5")
    assert told["overdue"] == ("true", "2026-01-01 - 2026-03-01")
    assert all(asked and found for asked, found in told.values())
    assert all(one.found == "" for one in conditions(rule))
    unknown = {one.key: one.found for one in conditions(rule, item, Context())}
    assert (unknown["epss"], unknown["kev"], unknown["licences"], unknown["branches"]) == ("?", "?", "?", "?")


def test_a_rule_is_found_by_its_name_in_the_list_that_could_have_had_the_effect() -> None:
    block, warn = PolicyRule("same", severity=Severity.HIGH), PolicyRule("same")
    policy = Policy(block=(block,), warn=(warn,), monitor=(PolicyRule("other"),))
    assert rule_of(policy, "same", Effect.BLOCK) == (block, Effect.BLOCK)
    assert rule_of(policy, "same", Effect.COMMENT) == (warn, Effect.COMMENT)
    assert rule_of(policy, "other", Effect.BLOCK) is None
    assert rule_of(policy, "none", Effect.MONITOR) is None
