"""``mergewarden enforce`` and ``mergewarden incidents``: what they print, change and return."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.doctor import run_doctor
from bot.cli.enforce import run_enforce
from bot.cli.incidents import run_close, run_list, run_show
from bot.domain.enforcement import Level
from bot.domain.incident import Incident, IncidentError, IncidentKind
from bot.domain.triage import TriageError
from bot.errors import MergewardenError
from bot.store import enforcement, incidents
from bot.store.engine import open_engine, session, write_session
from bot.store.projects import UnknownProject
from tests.cli.conftest import CommandLine
from tests.standin import DEVELOPER, MAINTAINER, Project, Standin, User
from tests.stores import new_store

SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Desk:
    """An operator's desk: settings, a project, and what was printed."""

    gitlab: Standin
    bot: User
    grace: User
    folder: Path
    capsys: pytest.CaptureFixture[str]
    count: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "mergewarden.toml"

    def project(self, *, role: int = MAINTAINER, grace: int = DEVELOPER) -> Project:
        self.count += 1
        name = f"desk/{self.folder.name}-{self.count}"
        return self.gitlab.create_project(name, {"README.md": "Hello.\n"}, members={self.bot: role, self.grace: grace})

    def enforce(self, project: Project | str, level: int | None = None, **more: object) -> tuple[int, str]:
        path = project if isinstance(project, str) else project.path
        status = run_enforce(path, level=level, config=self.config, **more)  # type: ignore[arg-type]
        return status, self.capsys.readouterr().out

    def report(self, project: Project, subject: str = "1") -> int:
        engine = new_store(self.folder / "mergewarden.db")
        with write_session(engine) as writing:
            incidents.report(writing, Incident(project.id, IncidentKind.FORGED_STATUS, subject), datetime.now(UTC))
        with session(engine) as reading:
            number = incidents.page(reading, limit=1)[0].id
        engine.dispose()
        return number

    def said(self) -> str:
        return self.capsys.readouterr().out


@pytest.fixture(scope="module")
def _gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standin, User, User]]:
    with Standin(tmp_path_factory.mktemp("gitlab")) as made:
        yield made, made.create_user("warden", bot=True), made.create_user("grace")


@pytest.fixture
def desk(_gitlab: tuple[Standin, User, User], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    gitlab, bot, grace = _gitlab
    settings = {
        "gitlab_url": gitlab.url,
        "gitlab_token": gitlab.create_token(bot),
        "webhook_secret": SECRET,
        "data_dir": str(tmp_path),
        "database_url": f"sqlite:///{tmp_path / 'mergewarden.db'}",
    }
    made = Desk(gitlab, bot, grace, tmp_path, capsys)
    made.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    made.config.chmod(0o600)
    yield made
    gitlab.faults.clear()
    gitlab.licence("free")


# --- showing ----------------------------------------------------------------------------------------------------------


def test_without_a_level_it_only_shows(desk: Desk) -> None:
    project = desk.project()
    desk.gitlab.clear_log()
    status, text = desk.enforce(project)
    assert status == 0
    assert f"{project.path}: L0, advice only" in text
    assert "  - a merge has to need a successful pipeline\n" in text
    assert "  - main has to be a protected branch\n" in text
    assert desk.gitlab.writes() == []
    status, text = desk.enforce(project, format="json")
    document = json.loads(text)
    assert (status, document["level"], document["project"]) == (0, 0, project.path)


def test_what_was_read_is_known_to_the_bot(desk: Desk) -> None:
    project = desk.project()
    desk.enforce(project, 1)
    engine = open_engine(f"sqlite:///{desk.folder / 'mergewarden.db'}")
    with session(engine) as reading:
        known = enforcement.stored(reading, project.id)
    engine.dispose()
    assert known is not None
    assert known.level is Level.L1


# --- changing ---------------------------------------------------------------------------------------------------------


def test_the_first_level_is_set_once(desk: Desk) -> None:
    project = desk.project()
    status, text = desk.enforce(project, 1)
    assert status == 0
    assert text == (
        f"{project.path}: level 1\n"
        "  done: set only_allow_merge_if_pipeline_succeeds to true\n"
        "  done: set only_allow_merge_if_all_discussions_are_resolved to true\n"
        "  level 1 holds\n"
    )
    desk.gitlab.clear_log()
    assert desk.enforce(project, 1) == (0, f"{project.path}: level 1\n  level 1 holds\n")
    assert desk.gitlab.writes() == []


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    project = desk.project(grace=MAINTAINER)
    desk.gitlab.clear_log()
    status, text = desk.enforce(project, 2, dry_run=True, branches=["release/*"])
    assert status == 1
    assert text == (
        f"{project.path}: level 2\n"
        "  would protect main: nobody pushes, only the bot and break-glass people merge\n"
        "  would protect release/*: nobody pushes, only the bot and break-glass people merge\n"
        "  people have to see to it that nobody but the bot and break-glass people may be a Maintainer or Owner, "
        "and these are: grace\n"
    )
    assert desk.gitlab.writes() == []


def test_the_second_level_is_set_where_nobody_else_is_a_maintainer(desk: Desk) -> None:
    project = desk.project()
    status, text = desk.enforce(project, 2, branches=["release/*"])
    assert status == 0
    assert text.endswith("  level 2 holds\n")
    assert set(project.protected) == {"main", "release/*"}


def test_what_only_people_can_do_is_said(desk: Desk) -> None:
    project = desk.project(grace=MAINTAINER)
    status, text = desk.enforce(project, 2)
    assert status == 1
    assert "done: protect main" in text
    assert "still missing: nobody but the bot and break-glass people may be a Maintainer or Owner" in text
    status, text = desk.enforce(project, 2, format="json")
    document = json.loads(text)
    assert (status, document["holds"], document["changes"]) == (1, False, [])
    assert "grace" in document["left"][0]


def test_a_bot_that_may_not_change_it_says_how_to_mend_that(desk: Desk) -> None:
    project = desk.project(role=DEVELOPER)
    status, text = desk.enforce(project, 1)
    assert status == 1
    assert "could not set only_allow_merge_if_pipeline_succeeds to true: GitLab answered 403" in text
    assert "still missing: a merge has to need a successful pipeline" in text


def test_gitlab_that_does_not_answer_is_no_answer(desk: Desk) -> None:
    project = desk.project()
    desk.enforce(project)
    desk.gitlab.faults.add("GET", r"/members/all$", status=502, times=9)
    assert desk.enforce(project)[0] == 3


@pytest.mark.parametrize(
    ("level", "more", "words"),
    [
        (None, {"branches": ["x"]}, "about changes"),
        (None, {"dry_run": True}, "about changes"),
        (1, {"branches": ["x"]}, "nothing to do with branches"),
        (3, {}, "no setting of a project"),
    ],
)
def test_wrong_use_is_told(desk: Desk, level: int | None, more: dict[str, object], words: str) -> None:
    with pytest.raises(MergewardenError, match=words):
        desk.enforce("desk/nowhere", level, **more)


def test_an_unknown_project_is_told(desk: Desk) -> None:
    with pytest.raises(UnknownProject):
        desk.enforce("desk/nowhere")


def test_it_is_there_on_the_command_line(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    assert line("enforce", "shop/backend", "--level", "4").returncode == 2
    assert line("incidents", "list").stdout == "no incidents\n"


# --- incidents --------------------------------------------------------------------------------------------------------


def test_incidents_are_listed_shown_and_closed(desk: Desk) -> None:
    project = desk.project()
    desk.enforce(project)
    numbers = [desk.report(project, subject) for subject in ("1", "2", "3")]
    config = desk.config

    def listed(**more: object) -> list[int]:
        wanted: dict[str, object] = {"project": None, "everything": False, "limit": 100, "before": None} | more
        assert run_list(**wanted, format="json", config=config) == 0  # type: ignore[arg-type]
        return [one["id"] for one in json.loads(desk.said())]

    assert listed() == numbers[::-1]
    assert listed(project=project.path, limit=1, before=numbers[2]) == [numbers[1]]
    assert run_show(numbers[0], format="text", config=config) == 0
    assert "Somebody posted a commit status of our name" in desk.said()
    assert run_close(numbers[0], reason="A test\nof ours", by="boss", config=config) == 0
    assert f"incident {numbers[0]} is closed by boss" in desk.said()
    assert listed() == numbers[:0:-1]
    assert listed(everything=True) == numbers[::-1]
    with pytest.raises(IncidentError):
        run_close(numbers[0], reason="again", by="boss", config=config)
    with pytest.raises(IncidentError):
        run_close(numbers[1], reason="  ", by="boss", config=config)
    with pytest.raises(TriageError):
        run_close(numbers[1], reason="why", by=" ", config=config)
    for number in (999_999, 10**17):
        with pytest.raises(MergewardenError, match="there is no incident"):
            run_show(number, format="json", config=config)
        with pytest.raises(MergewardenError, match="there is no incident"):
            run_close(number, reason="why", by="boss", config=config)
    with pytest.raises(MergewardenError, match="a page has"):
        listed(limit=1001)


def test_a_long_list_says_how_to_go_on(desk: Desk) -> None:
    project = desk.project()
    desk.enforce(project)
    last = [desk.report(project, subject) for subject in ("1", "2")][-1]
    run_list(project=None, everything=False, limit=1, before=None, format="text", config=desk.config)
    assert f"there may be more: --before {last}\n" in desk.said()


def test_the_doctor_says_which_level_was_seen(desk: Desk) -> None:
    project = desk.project()
    desk.enforce(project, 1)
    run_doctor([project.path], desk.config)
    assert "enforced at L1" in " ".join(desk.said().split())
