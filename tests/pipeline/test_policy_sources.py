"""Where policies come from: the policy project, a file, the data directory, or our own; and what becomes of errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from bot.domain.policy import Policy
from bot.domain.policy_file import MAX_BYTES
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError
from bot.gitlab.client import GitLabClient
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue, migrate_engine
from bot.pipeline.policy_sources import is_policy_project, refresh_policies
from bot.pipeline.rounds import follow_policy
from bot.services import OUR_OWN, Services
from bot.settings import load_settings
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from bot.store.locks import only_one
from bot.store.policies import policy_texts
from bot.store.statements import table
from bot.store.tables import PolicySourceRecord
from bot.texts import Language
from tests.pipeline.git.builder import git
from tests.standin import DEVELOPER, Project, Standin, User
from tests.standin.faults import BAD_GATEWAY
from tests.standin.repository import Blob

ORGANISATION = "version: 1\nblock: [{name: severe, severity: high}]\nrequired_scanners: []\nunread_files: warn\n"
SHOP = "version: 1\nblock: [{name: shop, severity: medium}]\nunread_files: ignore\n"
BACKEND = "version: 1\nblock: [{name: backend, severity: low}]\n"
Changes = dict[str, bytes | str | Blob | None]
GOOD: Changes = {"policy.yml": ORGANISATION, "groups/shop.yml": SHOP, "groups/shop/backend.yml": BACKEND}

_numbers = itertools.count(1)


class Office:
    """A stand-in with a policy project of this test's own, and services that read it."""

    def __init__(self, gitlab: Standin, warden: User, folder: Path, database: str) -> None:
        self.gitlab, self.warden, self.folder, self.database = gitlab, warden, folder, database
        self.project = self.make(None)
        self.services = self.open()

    def make(self, files: Changes | None, *, member: bool = True) -> Project:
        members = {self.warden: DEVELOPER} if member else {}
        return self.gitlab.create_project(f"security/policies-{next(_numbers)}", files, members=members)

    def open(self, project: str | None = None) -> Services:
        token = self.gitlab.create_token(self.warden)
        (self.folder / "data").mkdir(exist_ok=True)
        made = Services(
            load_settings(
                {
                    "MERGEWARDEN_GITLAB_URL": self.gitlab.url,
                    "MERGEWARDEN_GITLAB_TOKEN": token,
                    "MERGEWARDEN_DATA_DIR": str(self.folder / "data"),
                    "MERGEWARDEN_DATABASE_URL": self.database,
                    "MERGEWARDEN_POLICY_PROJECT": project or self.project.path,
                }
            ),
            Metrics(),
        )
        made.gitlab = GitLabClient(self.gitlab.url, SecretStr(token), timeout=2.0, read_retries=0, sleep=lambda _: None)
        return made

    def commit(self, files: Changes) -> str:
        return self.gitlab.commit(self.project, "main", files, announce=False)

    def refresh(self) -> bool:
        return refresh_policies(self.services)

    def policy(self, project: str = "shop/backend/api") -> Policy:
        return self.services.policy().for_project(project)

    def names(self, project: str = "shop/backend/api") -> list[str]:
        return [rule.name for rule in self.policy(project).block]

    def reasons(self, project: str = "bank/core") -> list[tuple[ReasonCode, str, str]]:
        return [(reason.code, reason.subject, reason.detail) for reason in self.services.policy().reasons_for(project)]

    def wait(self, hours: float) -> None:
        """As if the last look had been so long ago."""
        records = table(PolicySourceRecord)
        with write_session(self.services.store) as opened:
            opened.execute(update(records).values(read_at=datetime.now(UTC) - timedelta(hours=hours)))


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


# --- the policy project -----------------------------------------------------------------------------------------------


def test_organisation_and_groups_come_from_one_commit_of_the_policy_project(office: Office) -> None:
    commit = office.commit(GOOD)
    assert office.refresh()
    assert office.names("bank/core") == ["severe"]
    assert office.names("shop/web") == ["severe", "shop"]
    assert office.names("shop/backend/api") == ["severe", "shop", "backend"]
    assert office.reasons() == []
    assert office.reasons("shop/web") == [
        (ReasonCode.PROJECT_POLICY_REFUSED, "groups/shop.yml: unread_files", "wanted ignore, kept warn")
    ]
    assert office.policy().layers == (
        f"{office.project.path}@{commit}:policy.yml",
        f"{office.project.path}@{commit}:groups/shop.yml",
        f"{office.project.path}@{commit}:groups/shop/backend.yml",
    )


def test_another_policy_is_in_the_audit_log_with_the_commits_before_and_after(office: Office) -> None:
    first = office.commit(GOOD)
    assert (office.refresh(), office.refresh()) == (True, False)
    second = office.commit({"policy.yml": ORGANISATION.replace("warn", "ignore"), "groups/shop.yml": None})
    assert office.refresh()
    office.commit({"policy.yml": "version: 99\n"})
    assert not office.refresh(), "a policy that is wrong is none"
    with session(office.services.store) as reading:
        entries = list(audit.stream(reading))
    assert [(one.action, one.actor, one.subject) for one in entries] == [
        ("policy.changed", "mergewarden", f"policy project {office.project.path}")
    ] * 2
    assert [(one.details["before"], one.details["after"]) for one in entries] == [(None, first), (first, second)]


def test_what_is_being_judged_for_the_first_time_is_judged_by_another_policy_too(office: Office) -> None:
    """Its job may have read the policy of before."""
    migrate_engine(office.database)
    with write_session(office.services.store) as writing:
        raise_sequence(writing, 7, 3)
    office.commit(GOOD)
    queue = JobQueue(office.database)
    assert follow_policy(office.services, queue)
    assert sum(queue.depth().values()) == 1
    queue.close()


def test_another_process_reads_the_store_and_needs_no_gitlab(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.gitlab.clear_log()
    elsewhere = office.open()
    assert [rule.name for rule in elsewhere.policy().for_project("shop/web").block] == ["severe", "shop"]
    assert office.gitlab.request_log == []
    elsewhere.close()


def test_an_unchanged_project_is_read_once(office: Office) -> None:
    office.commit(GOOD)
    assert office.refresh()
    office.wait(0.5)
    assert not office.refresh()
    with session(office.services.store) as reading:
        assert datetime.now(UTC) - policy_texts(reading)[0].read_at < timedelta(minutes=1)


def test_a_new_version_counts_from_the_next_look_on(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.commit({"groups/shop.yml": None, "groups/bank.yml": SHOP})
    assert office.names("shop/web") == ["severe", "shop"]
    assert office.refresh()
    assert (office.names("shop/web"), office.names("bank/core")) == (["severe"], ["severe", "shop"])


@pytest.mark.parametrize(
    ("files", "subject", "detail"),
    [
        ({"policy.yml": "version: 1\nblok: []\n"}, "policy.yml", "policy.yml:2: 'blok' is not a setting"),
        ({"policy.yml": None}, "policy.yml", "there is no policy.yml in it"),
        ({"policy.yml": b"\xff"}, "policy.yml", "policy.yml is not UTF-8"),
        ({"policy.yml": "#" * (MAX_BYTES + 1)}, "policy.yml", "policy.yml is larger than 65536 bytes"),
        ({"groups/shop.yml": "version: 1\nprojects: []\n"}, "groups/shop.yml", "groups/shop.yml:2: 'projects' belongs"),
        ({"groups/new/one.yml": "not settings"}, "groups/new/one.yml", "groups/new/one.yml:1: a policy is a list"),
        ({"groups/bank.yaml": SHOP}, "groups/bank.yaml", "groups/bank.yaml does not end in .yml"),
        ({"groups/o dd.yml": SHOP}, "groups/o dd.yml", "groups/o dd.yml is not named after the full path"),
        ({"groups/" + "d/" * 40 + "x.yml": SHOP}, None, "is not named after the full path of a group"),
    ],
    ids=["key", "missing", "bytes", "huge", "projects", "new-group", "ending", "name", "deep"],
)
def test_a_wrong_version_leaves_the_last_good_one_in_force_and_every_decision_says_so(
    office: Office, files: Changes, subject: str | None, detail: str
) -> None:
    office.commit(GOOD)
    office.refresh()
    # The same commit also loosens the organisation's policy: a half of it must not count.
    office.commit({"groups/shop/backend.yml": None, **files})
    assert not office.refresh()
    assert office.names() == ["severe", "shop", "backend"]
    ((code, about, said),) = office.reasons()
    assert code is ReasonCode.POLICY_NOT_CURRENT
    assert about == (subject or about)
    assert detail in said
    assert not office.refresh()
    assert len(office.reasons()) == 1

    office.commit({**dict.fromkeys(files), **GOOD})
    assert office.refresh()
    assert office.reasons() == []


def test_a_wrong_version_is_read_once_and_said_again_when_it_comes_back(office: Office) -> None:
    good = office.commit(GOOD)
    office.refresh()
    bad = office.commit({"policy.yml": "nonsense"})
    office.refresh()
    first = office.reasons()
    office.services.refused_policy = (bad, "organisation", first[0][2])
    office.refresh()
    assert office.reasons() == first
    # Meanwhile another process saw the good one again.
    office.gitlab.force_push(office.project, "main", good)
    other = office.open()
    refresh_policies(other)
    assert office.reasons() == []
    office.gitlab.force_push(office.project, "main", bad)
    office.refresh()
    assert office.reasons() == first
    other.close()


def test_a_policy_project_that_moved_is_found_where_gitlab_says_it_is(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.gitlab.rename(office.project, f"elsewhere/{office.project.path.rpartition('/')[2]}")
    office.refresh()
    assert office.names() == ["severe", "shop", "backend"]
    assert office.reasons() == []
    office.commit({"groups/shop.yml": None})
    assert office.refresh()
    assert office.names("shop/web") == ["severe"]


def test_going_back_to_the_good_commit_is_enough(office: Office) -> None:
    good = office.commit(GOOD)
    office.refresh()
    office.commit({"policy.yml": "nonsense"})
    office.refresh()
    assert office.reasons()
    office.gitlab.force_push(office.project, "main", good)
    assert not office.refresh()
    assert (office.reasons(), office.names()) == ([], ["severe", "shop", "backend"])


def test_without_any_good_version_nothing_is_judged(office: Office) -> None:
    office.commit({"policy.yml": "version: 1\n"})
    with pytest.raises(ConfigurationError, match="has not been read yet") as caught:
        office.services.policy()
    assert getattr(caught.value, "retryable", False)
    assert not office.refresh()
    with pytest.raises(
        ConfigurationError, match=r"never had a policy that can be used: policy\.yml:1: 'block'"
    ) as caught:
        office.services.policy()
    assert not getattr(caught.value, "retryable", True)
    assert "MERGEWARDEN_POLICY_PROJECT" in caught.value.hint
    assert office.services.language_for("shop/web") is Language.ENGLISH


def test_an_empty_project_and_one_that_may_not_be_seen_are_said(office: Office) -> None:
    hidden = office.make(GOOD, member=False)
    empty = office.make(None)
    for project, says in ((hidden, "GitLab answered 404"), (empty, "is empty|no such|not found|couldn't find|lacks")):
        services = office.open(project.path)
        assert not refresh_policies(services)
        with pytest.raises(ConfigurationError) as caught:
            services.policy()
        assert "policy project" in str(caught.value), says
        services.close()


def test_another_policy_project_does_not_inherit_the_policy_of_the_first(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    other = office.make({"policy.yml": "nonsense"})
    services = office.open(other.path)
    with pytest.raises(ConfigurationError, match="has not been read yet"):
        services.policy()
    refresh_policies(services)
    with pytest.raises(ConfigurationError, match="never had a policy"):
        services.policy()
    services.close()


def test_gitlab_out_of_reach_leaves_the_policy_and_is_said_when_it_lasts(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.gitlab.faults.add("GET", r"/projects/.*", BAD_GATEWAY, times=1_000)
    assert not office.refresh()
    assert (office.names(), office.reasons()) == (["severe", "shop", "backend"], [])
    office.wait(2)
    ((code, subject, detail),) = office.reasons()
    assert (code, subject) == (ReasonCode.POLICY_NOT_CURRENT, "policy.yml")
    assert detail.startswith("nothing was heard of the policy project since 20")
    assert office.reasons() == [(code, subject, detail)]
    office.gitlab.faults.clear()
    office.refresh()
    assert office.reasons() == []


def test_a_project_that_may_not_be_read_any_more_is_said_at_once(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.project.members.clear()
    office.refresh()
    assert office.names() == ["severe", "shop", "backend"]
    ((code, subject, detail),) = office.reasons()
    assert (code, subject) == (ReasonCode.POLICY_NOT_CURRENT, "policy.yml")
    assert "404" in detail


def test_only_one_process_reads_it_at_a_time(office: Office) -> None:
    office.commit(GOOD)
    with only_one(office.services.store, "policies") as mine:
        assert mine
        assert not office.refresh()
    assert office.refresh()


def test_ten_thousand_groups_are_refused_without_reading_them(office: Office) -> None:
    office.commit(GOOD)
    office.refresh()
    office.commit({f"groups/g{n}.yml": SHOP for n in range(10_000)})
    office.refresh()
    ((_, subject, detail),) = office.reasons()
    assert (subject, detail) == ("groups", "more than 1000 groups have files")
    assert office.names("g1/a") == ["severe"]


@pytest.mark.parametrize("name", ["groups/shop.yml", "policy.yml", "groups"])
def test_a_symbolic_link_is_no_policy(office: Office, tmp_path: Path, name: str) -> None:
    office.commit({"elsewhere/loose.yml": SHOP, **GOOD})
    office.refresh()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(office.project.repository.directory), str(clone))
    git(clone, "rm", "-r", "--quiet", name)
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).symlink_to("../elsewhere/loose.yml" if "/" in name else "elsewhere")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Link")
    git(clone, "push", "--quiet", "origin", "HEAD:main")
    assert not office.refresh()
    ((code, subject, _),) = office.reasons()
    assert (code, subject) == (ReasonCode.POLICY_NOT_CURRENT, name)
    assert office.names() == ["severe", "shop", "backend"]


def test_the_policy_project_is_known_by_its_path(office: Office) -> None:
    mine = office.services.gitlab.project(office.project.id)
    other = office.services.gitlab.project(office.make(GOOD).id)
    assert is_policy_project(office.services, mine)
    assert not is_policy_project(office.services, other)


# --- on this host -----------------------------------------------------------------------------------------------------

Here = Callable[..., Services]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    """Services of a host without a policy project, with these files under ``policy`` in its data directory."""
    opened: list[Services] = []

    def make(files: dict[str, str | bytes], **settings: str) -> Services:
        data = tmp_path / "data"
        for name, content in files.items():
            place = data / "policy" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        environment = {"MERGEWARDEN_DATA_DIR": str(data)} | {f"MERGEWARDEN_{k}": v for k, v in settings.items()}
        made = Services(load_settings(environment), Metrics())
        opened.append(made)
        return made

    yield make
    for services in opened:
        services.close()


def names(services: Services, project: str) -> list[str]:
    return [rule.name for rule in services.policy().for_project(project).block]


def test_the_data_directory_may_hold_a_policy_with_groups(here: Here, tmp_path: Path) -> None:
    services = here({"policy.yml": ORGANISATION, "groups/shop.yml": SHOP, "groups/shop/backend.yml": BACKEND})
    assert names(services, "shop/backend/api") == ["severe", "shop", "backend"]
    assert names(services, "bank/core") == ["severe"]
    layers = services.policy().for_project("shop/web").layers
    assert layers == (str(tmp_path / "data/policy/policy.yml"), str(tmp_path / "data/policy/groups/shop.yml"))


def test_it_is_read_afresh_each_time(here: Here, tmp_path: Path) -> None:
    services = here({"policy.yml": ORGANISATION})
    assert names(services, "shop/web") == ["severe"]
    here({"groups/shop.yml": SHOP})
    assert names(services, "shop/web") == ["severe", "shop"]


def test_a_policy_file_goes_before_the_data_directory_and_a_project_before_both(here: Here, tmp_path: Path) -> None:
    named = tmp_path / "named.yml"
    named.write_text("version: 1\nblock: [{name: named}]\nrequired_scanners: []\n")
    files: dict[str, str | bytes] = {"policy.yml": ORGANISATION, "groups/shop.yml": SHOP}
    assert names(here(files, POLICY_FILE=str(named)), "shop/web") == ["named"]
    with pytest.raises(ConfigurationError, match="the policy project security/policies has not been read yet"):
        here(files, POLICY_FILE=str(named), POLICY_PROJECT="security/policies").policy()


def test_our_own_policy_comes_last_and_groups_may_tighten_it(here: Here) -> None:
    services = here({"groups/shop.yml": SHOP}, LANGUAGE="zh-CN")
    policy = services.policy().for_project("bank/core")
    assert (policy.language, policy.layers) == (Language.CHINESE, (OUR_OWN,))
    assert "shop" in names(services, "shop/web")


@pytest.mark.parametrize("content", [b"version: 1\nblok: []\n", b"\xff"])
def test_a_wrong_group_file_of_the_data_directory_stops_what_is_below_it(here: Here, content: bytes) -> None:
    services = here({"policy.yml": ORGANISATION, "groups/shop.yml": content})
    assert names(services, "bank/core") == ["severe"]
    with pytest.raises(ConfigurationError, match=r"groups/shop\.yml"):
        services.policy().for_project("shop/web")
    assert services.language_for("shop/web") is Language.ENGLISH


@pytest.mark.parametrize(
    "files", [{"groups/shop.yaml": SHOP}, {"groups/a b.yml": SHOP}, {"policy.yml": "nonsense"}, {"groups": "x"}]
)
def test_a_name_that_says_nothing_about_whom_it_concerns_stops_everything(
    here: Here, files: dict[str, str | bytes]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        here(files).policy()
    assert caught.value.hint


def test_links_of_a_configmap_are_followed_once(here: Here, tmp_path: Path) -> None:
    services = here({"..2026_03_01/policy.yml": ORGANISATION, "groups/..2026_03_01/shop.yml": SHOP})
    policy = tmp_path / "data/policy"
    for folder, name in ((policy, "policy.yml"), (policy / "groups", "shop.yml")):
        (folder / "..data").symlink_to("..2026_03_01")
        (folder / name).symlink_to(f"..data/{name}")
    assert names(services, "shop/web") == ["severe", "shop"]


def test_a_link_that_leads_nowhere_is_an_error(here: Here, tmp_path: Path) -> None:
    services = here({"groups/shop.yml": SHOP})
    (tmp_path / "data/policy/policy.yml").symlink_to("gone.yml")
    with pytest.raises(ConfigurationError, match=r"policy\.yml"):
        services.policy()


def test_a_reason_has_one_line(office: Office) -> None:
    office.commit(
        {"policy.yml": "version: 1\nblok: []\nblak: []\n", **{k: v for k, v in GOOD.items() if k != "policy.yml"}}
    )
    office.refresh()
    office.commit(GOOD)
    office.refresh()
    office.commit({"policy.yml": "version: 1\nblok: []\nblak: []\n"})
    office.refresh()
    assert all("\n" not in part for reason in office.reasons() for part in reason[1:])
    assert isinstance(office.services.policy().reasons_for("a/b")[0], Reason)
