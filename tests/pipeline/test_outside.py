"""Settings and policies in files are changed outside of us: the audit log tells so at the next look, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import Action
from bot.domain.outside import Seen, changes
from bot.observability.metrics import Metrics
from bot.pipeline.outside import note_policy_files, note_settings
from bot.services import POLICY_FOLDER, Services
from bot.settings import load_settings
from bot.store import audit
from bot.store.audit import AuditFilter
from bot.store.engine import session

POLICY = "version: 1\nblock: [{name: severe, severity: high}]\n"
Start = Callable[..., Services]


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    """The installation, started with these settings; one store for all."""
    made: list[Services] = []
    (tmp_path / "data").mkdir()

    def begin(**settings: str) -> Services:
        environment = {f"MERGEWARDEN_{name}": value for name, value in settings.items()}
        fixed = {"MERGEWARDEN_DATA_DIR": str(tmp_path / "data"), "MERGEWARDEN_DATABASE_URL": database_url}
        made.append(Services(load_settings(fixed | environment), Metrics()))
        return made[-1]

    yield begin
    for services in made:
        services.close()


def told(services: Services, action: Action) -> dict[str, tuple[object, object]]:
    with session(services.store) as reading:
        entries = audit.page(reading, AuditFilter(action=action.value)).entries
    return {entry.subject: (entry.details["before"], entry.details["after"]) for entry in reversed(entries)}


def count(services: Services) -> int:
    with session(services.store) as reading:
        return audit.head(reading).sequence


def test_what_differs_from_what_we_ship_is_told_at_the_first_start(start: Start) -> None:
    services = start(STATUS_NAME="gate", WORKERS="2")
    note_settings(services)
    settings = told(services, Action.SETTING_CHANGED)
    assert settings["setting status_name"] == ("mergewarden", "gate")
    assert settings.keys() == {"setting status_name", "setting data_dir", "setting database_url"}


def test_a_change_is_told_once_and_so_is_its_end(start: Start) -> None:
    note_settings(start(STATUS_NAME="gate"))
    before = count(services := start(STATUS_NAME="gate"))
    assert note_settings(services) == 0
    assert count(services) == before
    assert note_settings(start(STATUS_NAME="door")) == 1
    assert told(services, Action.SETTING_CHANGED)["setting status_name"] == ("gate", "door")
    assert note_settings(start()) == 1
    assert told(services, Action.SETTING_CHANGED)["setting status_name"] == ("door", "mergewarden")


def test_of_a_secret_only_whether_it_is_there_is_told(start: Start) -> None:
    services = start(GITLAB_TOKEN="glpat-topsecret", SMTP_URL="smtp://u:topsecret@mail", MAIL_FROM="w@example.org")
    note_settings(services)
    settings = told(services, Action.SETTING_CHANGED)
    assert settings["setting gitlab_token"] == settings["setting smtp_url"] == ("", "(not shown)")
    with session(services.store) as reading:
        assert "topsecret" not in json.dumps([dict(e.details) for e in audit.stream(reading)])
    note_settings(start())
    assert told(services, Action.SETTING_CHANGED)["setting gitlab_token"] == ("(not shown)", "")


def test_a_policy_in_a_file_is_told_by_its_digest(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    services = start(POLICY_FILE=str(file))
    assert [note_policy_files(services), note_policy_files(services)] == [1, 0]
    first = told(services, Action.POLICY_CHANGED)["policy"][1]
    file.write_text(POLICY.replace("high", "low"))
    assert note_policy_files(services) == 1
    before, after = told(services, Action.POLICY_CHANGED)["policy"]
    assert before == first != after


def test_policies_of_groups_come_and_go(start: Start, tmp_path: Path) -> None:
    services = start()
    groups = tmp_path / "data" / POLICY_FOLDER / "groups"
    groups.mkdir(parents=True)
    note_policy_files(services)
    (groups / "shop.yml").write_text(POLICY)
    assert note_policy_files(services) == 1
    _, digest = told(services, Action.POLICY_CHANGED)["policy of shop"]
    (groups / "shop.yml").unlink()
    assert note_policy_files(services) == 1
    assert told(services, Action.POLICY_CHANGED)["policy of shop"] == (digest, "")


def test_files_that_cannot_be_read_change_nothing(start: Start, tmp_path: Path) -> None:
    services = start()
    note_policy_files(services)
    (tmp_path / "data" / POLICY_FOLDER).mkdir()
    (tmp_path / "data" / POLICY_FOLDER / "groups").write_text("not a folder")
    assert note_policy_files(services) == 0


def test_a_policy_project_speaks_for_itself(start: Start) -> None:
    assert note_policy_files(start(POLICY_PROJECT="security/policies")) == 0


WORDS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y"]))


@given(noted=WORDS, now=WORDS, first=st.sampled_from(["", "x"]))
def test_who_notes_every_change_knows_what_is_now(noted: Mapping[str, str], now: Mapping[str, str], first: str) -> None:
    seen = [Seen(name, value, first) for name, value in now.items()]
    found = changes(noted, seen)
    assert all(one.before != one.after for one in found)
    after = {**noted, **{one.name: one.after for one in found}}
    assert changes(after, seen) == ()
    assert all(after.get(name, first) == value for name, value in now.items())
