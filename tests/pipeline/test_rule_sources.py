"""Where an organisation's own rules come from, what they count for, and what becomes of a version that is broken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from pydantic import SecretStr

import rules
from bot.domain.rule_version import RuleSourceState
from bot.domain.verdict import Effect
from bot.gitlab.client import GitLabClient
from bot.observability.metrics import Metrics
from bot.pipeline.assess import read_files, tools_of
from bot.pipeline.engine import JobQueue, migrate_engine
from bot.pipeline.git import Repository, branch_ref
from bot.pipeline.rule_simulation import simulate_rules
from bot.pipeline.rule_sources import AUTOMATIC, refresh_rules, switch_on
from bot.services import Services
from bot.settings import load_settings
from bot.store import audit, rules_versions
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from bot.store.projects import Project, upsert_projects
from rules import catalog
from scanners.adapters.semgrep import Semgrep
from scanners.finding import Finding
from tests.pipeline.git.builder import Builder, Content
from tests.pipeline.own_rules import PLACE, RULE, SOURCE, other_rule, version_of, write
from tests.standin import DEVELOPER, MAINTAINER, Standin, User
from tests.standin.faults import BAD_GATEWAY
from tests.store.samples import NOON

LEDGER = "org-python-raw-ledger"
AUDIT = other_rule("raw-audit", "audit.raw(...)", "audit.raw(2)")
CODE: dict[str | bytes, Content] = {
    "app.py": "import ledger\n\nledger.write(1)\nledger.write(2)\n",
    "other.py": "audit.raw(3)\n",
    "page.js": "ledger.write(1)\n",
}
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def words() -> Iterator[None]:
    """The catalogue is the process's own."""
    yield
    catalog.lay_over({})


class Desk:
    """A data directory with one project's code in a mirror, and a folder of rules."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.source = folder / "rules"
        (folder / "data").mkdir()
        self.services = self.open()

    def open(self, **more: str) -> Services:
        given = {"MERGEWARDEN_RULES_FOLDER": str(self.source)} | more
        environment = {
            "MERGEWARDEN_DATA_DIR": str(self.folder / "data"),
            "MERGEWARDEN_DATABASE_URL": self.database,
        }
        return Services(load_settings(environment | {k: v for k, v in given.items() if v}), Metrics())

    def code(self, files: dict[str | bytes, Content] = CODE, number: int = 5, path: str = "shop/web") -> Repository:
        place = self.folder / "data" / "mirrors" / f"{number}"
        Builder(place).commit(files, ref=branch_ref("main"))
        with write_session(self.services.store) as writing:
            upsert_projects(writing, [Project(number, path, default_branch="main")])
        return Repository(place)

    def read(self, files: dict[str, str], services: Services | None = None) -> bool:
        write(self.source, files)
        return refresh_rules(services or self.services)

    def state(self) -> RuleSourceState:
        with session(self.services.store) as reading:
            found = rules_versions.state(reading)
        assert found is not None
        return found

    def switch_on(self, digest: str) -> None:
        with write_session(self.services.store) as writing:
            rules_versions.switch_on(writing, digest, actor="alice", reason="", at=NOON)

    def scan(self, repository: Repository, services: Services | None = None) -> list[Finding]:
        chosen = services or self.services
        tools = tools_of(chosen)
        (semgrep,) = [scanner for scanner in tools.scanners if isinstance(scanner, Semgrep)]
        (run,) = read_files(
            repository, repository.tree(repository.resolve(branch_ref("main"))), tools=tools, scanners=(semgrep,)
        )
        assert run.assessed, run.reason
        return [found for found in run.findings if found.rule_id.startswith("org-")]

    def digest(self) -> str:
        (semgrep,) = [s for s in tools_of(self.services).scanners if isinstance(s, Semgrep)]
        return semgrep.rules_digest()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    made = Desk(tmp_path, database_url)
    yield made
    made.services.close()


# --- from a folder to a finding ---------------------------------------------------------------------------------------


def test_a_new_version_counts_only_once_somebody_switched_it_on(desk: Desk) -> None:
    repository = desk.code()
    plain = desk.digest()
    assert desk.read(SOURCE)
    waiting = desk.state().waiting
    assert (waiting != "", desk.state().active, desk.state().problem) == (True, "", "")
    assert desk.scan(repository) == []
    assert desk.digest() == plain

    desk.switch_on(waiting)
    found = desk.scan(repository)
    assert [(one.location.path, one.location.start_line, one.rule_id) for one in found] == [
        (PurePosixPath("app.py"), 3, LEDGER),
        (PurePosixPath("app.py"), 4, LEDGER),
    ]
    assert (found[0].title, found[0].severity.value, found[0].cwes) == (
        "Ledger written past the billing service",
        "high",
        (841,),
    )
    assert desk.digest() != plain

    desk.switch_on("")
    assert desk.scan(repository) == []
    assert desk.digest() == plain


def test_other_rules_are_in_the_audit_log_and_the_same_ones_again_are_not(desk: Desk) -> None:
    desk.read(SOURCE)
    waiting = desk.state().waiting
    with write_session(desk.services.store) as writing:
        assert switch_on(desk.services, writing, waiting, "alice", "tried for a week", NOON)
        assert not switch_on(desk.services, writing, waiting, "bob", "", NOON)
        assert switch_on(desk.services, writing, "", "carol", "too loud", NOON)
    with session(desk.services.store) as reading:
        entries = list(audit.stream(reading))
    assert [(one.action, one.actor, one.details["digest"], one.details["reason"]) for one in entries] == [
        ("rules.switched", "alice", waiting, "tried for a week"),
        ("rules.switched", "carol", "", "too loud"),
    ]


def test_the_rules_own_mode_counts_for_the_policy(desk: Desk) -> None:
    desk.read(SOURCE)
    desk.switch_on(desk.state().waiting)
    assert _cap(desk.services) is Effect.MONITOR
    desk.read(SOURCE | {f"{PLACE}.yaml": RULE.replace("confidence: high", "confidence: high\n      mode: block")})
    assert _cap(desk.services) is Effect.MONITOR
    desk.switch_on(desk.state().waiting)
    assert _cap(desk.services) is Effect.BLOCK


def test_what_only_watched_does_not_block_because_its_rule_is_gone(desk: Desk) -> None:
    """Its findings stay where they are until the next scan, and may be judged again before."""
    desk.read(SOURCE)
    desk.switch_on(desk.state().waiting)
    assert _cap(desk.services) is Effect.MONITOR
    desk.switch_on("")
    assert _cap(desk.services) is Effect.MONITOR
    without = desk.open(MERGEWARDEN_RULES_FOLDER="")
    assert _cap(without) is Effect.MONITOR
    without.close()


def _cap(services: Services) -> Effect:
    own = services.policy().for_project("shop/web").own_modes
    return next((one.mode for one in own if LEDGER in one.rules), Effect.BLOCK)


def test_another_process_sees_what_was_switched_on(desk: Desk) -> None:
    repository = desk.code()
    elsewhere = desk.open()
    assert desk.scan(repository, elsewhere) == []
    desk.read(SOURCE)
    desk.switch_on(desk.state().waiting)
    assert len(desk.scan(repository, elsewhere)) == 2
    elsewhere.close()


def test_rules_that_are_not_configured_any_more_do_not_run_and_their_findings_keep_their_words(desk: Desk) -> None:
    repository = desk.code()
    desk.read(SOURCE)
    desk.switch_on(desk.state().waiting)
    catalog.lay_over({})
    without = desk.open(MERGEWARDEN_RULES_FOLDER="")
    assert desk.scan(repository, without) == []
    text = rules.rule_text("semgrep", LEDGER, "zh-CN")
    assert text is not None
    assert text.message.startswith("（此规则没有中文说明。）")
    without.close()


def test_automatic_means_at_once_and_is_written_down(desk: Desk) -> None:
    services = desk.open(MERGEWARDEN_RULES_SWITCH_ON="automatic")
    assert desk.read(SOURCE, services)
    with session(services.store) as reading:
        (switch,) = rules_versions.switches(reading)
    assert (switch.after, switch.actor, desk.state().waiting) == (desk.state().active, AUTOMATIC, "")
    services.close()


def test_what_is_being_judged_for_the_first_time_is_judged_by_other_rules_too(desk: Desk) -> None:
    """Its scan may have begun with the rules of before."""
    assert desk.read(SOURCE)
    migrate_engine(desk.database)
    with write_session(desk.services.store) as writing:
        raise_sequence(writing, 5, 3)
        assert switch_on(desk.services, writing, desk.state().waiting, "alice", "", NOON)
    queue = JobQueue(desk.database)
    assert sum(queue.depth().values()) == 1
    queue.close()


def test_rules_cannot_take_the_place_of_ours(desk: Desk) -> None:
    ours = "python-sql-injection-request"
    before = rules.rule_text("semgrep", ours)
    catalog.lay_over({ours: {"text": {"en": {"title": "x", "message": "x", "remediation": "x"}}}})
    assert rules.rule_text("semgrep", ours) == before


def test_without_a_source_nothing_is_read(desk: Desk) -> None:
    without = desk.open(MERGEWARDEN_RULES_FOLDER="")
    assert not refresh_rules(without)
    with session(without.store) as reading:
        assert rules_versions.state(reading) is None
    without.close()


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_broken_version_leaves_the_working_one_in_force(desk: Desk) -> None:
    repository = desk.code()
    desk.read(SOURCE)
    good = desk.state().waiting
    desk.switch_on(good)
    assert not desk.read(SOURCE | {f"{PLACE}.yaml": RULE.replace("high", "grave")})
    assert desk.state().active == good
    assert f"{PLACE}.yaml: {LEDGER}: metadata.severity" in desk.state().problem
    assert len(desk.scan(repository)) == 2
    # Mended, it is what is in force: nothing waits, and nothing is wrong.
    assert desk.read(SOURCE)
    assert (desk.state().active, desk.state().waiting, desk.state().problem) == (good, "", "")


def test_what_did_not_change_is_not_looked_at_again(desk: Desk) -> None:
    assert desk.read(SOURCE)
    first = desk.state()
    assert not refresh_rules(desk.services)
    assert refresh_rules(desk.services, again=True)
    assert desk.state().waiting == first.waiting
    assert desk.state().read_at > first.read_at
    bad = SOURCE | {f"{PLACE}.yaml": "rules: ["}
    assert not desk.read(bad)
    problem = desk.state().problem
    assert not refresh_rules(desk.services)
    assert desk.state().problem == problem != ""


def test_a_folder_that_is_gone_is_told_and_changes_nothing(desk: Desk) -> None:
    desk.read(SOURCE)
    good = desk.state().waiting
    desk.switch_on(good)
    desk.source.rename(desk.folder / "elsewhere")
    assert not refresh_rules(desk.services)
    assert (desk.state().active, "no such folder" in desk.state().problem) == (good, True)
    (desk.folder / "elsewhere").rename(desk.source)
    refresh_rules(desk.services)
    assert desk.state().problem == ""


# --- a simulation -----------------------------------------------------------------------------------------------------


def test_a_new_version_is_tried_on_stored_code_before_it_counts(desk: Desk) -> None:
    desk.code()
    desk.read(SOURCE)
    with session(desk.services.store) as reading:
        known = rules_versions.known_version(reading, desk.state().waiting)
    assert known is not None
    assert known.simulation is not None
    (one,) = known.simulation.outcomes
    assert (one.rule_id, one.added, one.removed, one.projects) == (LEDGER, 2, 0, ("shop/web",))
    assert one.examples == ("+ shop/web app.py:3", "+ shop/web app.py:4")
    # Only files that the rules can read are read.
    assert (known.simulation.files, known.simulation.projects, known.simulation.not_answered) == (2, 1, 0)


def test_what_comes_changes_and_goes_is_told_by_rule(desk: Desk, tmp_path: Path) -> None:
    desk.code()
    present = version_of(tmp_path / "a", SOURCE | AUDIT)
    narrower = RULE.replace("ledger.write(...)", "ledger.write(1)")
    proposed = version_of(
        tmp_path / "b", SOURCE | {f"{PLACE}.yaml": narrower} | other_rule("imports", "import ledger", "import ledger")
    )
    done = simulate_rules(desk.services, present, proposed, at=NOON)
    assert {one.rule_id: (one.added, one.removed, one.kept) for one in done.outcomes} == {
        "org-python-imports": (1, 0, 0),
        "org-python-raw-audit": (0, 1, 0),
        LEDGER: (0, 1, 1),
    }
    assert {one.rule_id: one.examples for one in done.outcomes}[LEDGER] == ("- shop/web app.py:4",)
    assert done.seconds > 0
    assert done.seconds_before > 0


def test_rules_that_are_the_same_are_not_run(desk: Desk, tmp_path: Path) -> None:
    desk.code()
    present = version_of(tmp_path / "a", SOURCE)
    proposed = version_of(tmp_path / "b", SOURCE | AUDIT)
    done = simulate_rules(desk.services, present, proposed, at=NOON)
    assert [one.rule_id for one in done.outcomes] == ["org-python-raw-audit"]
    assert done.seconds_before == 0
    assert simulate_rules(desk.services, present, present, at=NOON).outcomes == ()


def test_projects_are_chosen_by_pattern_and_what_cannot_be_looked_at_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.code()
    desk.code({"a.py": "ledger.write(1)\n"}, 6, "bank/core")
    with write_session(desk.services.store) as writing:
        upsert_projects(writing, [Project(7, "bank/empty", default_branch="main")])
    proposed = version_of(tmp_path / "a", SOURCE)
    every = simulate_rules(desk.services, None, proposed, at=NOON)
    assert (every.projects, every.outcomes[0].added, every.outcomes[0].projects) == (2, 3, ("bank/core", "shop/web"))
    assert every.left_out == ("bank/empty: no code of it is stored",)
    bank = simulate_rules(desk.services, None, proposed, at=NOON, pattern="bank/**")
    assert (bank.projects, bank.outcomes[0].added) == (1, 1)
    few = simulate_rules(desk.services, None, proposed, at=NOON, pattern="shop/**", limit=1)
    assert few.files == 1


# --- a project in GitLab ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("gitlab")) as made:
        yield made


@pytest.fixture(scope="module")
def warden(gitlab: Standin) -> User:
    return gitlab.create_user("warden", bot=True)


@pytest.fixture
def office(gitlab: Standin, warden: User, tmp_path: Path, database_url: str) -> Iterator[Office]:
    made = Office(gitlab, warden, tmp_path, database_url)
    yield made
    gitlab.faults.clear()
    made.services.close()


class Office(Desk):
    """The same with a rules project of this test's own."""

    def __init__(self, gitlab: Standin, warden: User, folder: Path, database: str) -> None:
        self.gitlab, self.warden = gitlab, warden
        self.project = gitlab.create_project(
            f"security/rules-{next(_numbers)}", {**SOURCE}, members={warden: DEVELOPER}
        )
        super().__init__(folder, database)

    def open(self, **more: str) -> Services:
        token = self.gitlab.create_token(self.warden)
        made = super().open(
            MERGEWARDEN_RULES_FOLDER="",
            MERGEWARDEN_GITLAB_URL=self.gitlab.url,
            MERGEWARDEN_GITLAB_TOKEN=token,
            MERGEWARDEN_RULES_PROJECT=self.project.path,
            **more,
        )
        made.gitlab = GitLabClient(self.gitlab.url, SecretStr(token), timeout=2.0, read_retries=0, sleep=lambda _: None)
        return made

    def protect(self) -> None:
        self.gitlab.protect(self.project, "main", push=MAINTAINER, merge=MAINTAINER)


def test_rules_come_from_the_protected_default_branch_and_no_other(office: Office) -> None:
    assert not refresh_rules(office.services)
    assert "is not protected" in office.state().problem
    office.protect()
    assert refresh_rules(office.services)
    assert (office.state().problem, office.state().source) == ("", office.project.path)
    waiting = office.state().waiting
    office.gitlab.commit(office.project, "feature", dict(AUDIT), announce=False)
    assert not refresh_rules(office.services)
    assert office.state().waiting == waiting
    office.gitlab.commit(office.project, "main", dict(AUDIT), announce=False)
    assert refresh_rules(office.services)
    assert office.state().waiting not in ("", waiting)
    with session(office.services.store) as reading:
        newest = rules_versions.known_version(reading, office.state().waiting)
    assert newest is not None
    assert newest.origin.startswith(f"{office.project.path}@")


def test_a_gitlab_that_is_away_changes_nothing(office: Office) -> None:
    office.protect()
    refresh_rules(office.services)
    before = office.state()
    office.gitlab.faults.add("GET", r"/projects/.*", BAD_GATEWAY, times=1_000)
    assert not refresh_rules(office.services)
    assert office.state() == before
