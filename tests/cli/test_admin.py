"""``mergewarden admin``: local administrators and grants, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def password(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("secret") / "password"
    place.write_text(f"{PASSWORD}\n")
    return place


def people(mergewarden: CommandLine) -> dict[str, dict[str, Any]]:
    listed = mergewarden("admin", "list", "--format", "json")
    return {person["username"]: person for person in json.loads(listed.stdout)["people"]}


def test_a_local_administrator_is_made_changed_and_shut_out(mergewarden: CommandLine, password: Path) -> None:
    made = mergewarden("admin", "create", "Root", "--password-file", password)
    assert made.returncode == 0, made.stderr
    assert PASSWORD not in made.stdout + made.stderr
    assert people(mergewarden)["root"]["grants"][0]["role"] == "admin"
    again = mergewarden("admin", "create", "root", "--password-file", password)
    assert (again.returncode, "already" in again.stderr) == (2, True)
    granted = mergewarden("admin", "grant", "root", "triager", "--group", "shop")
    assert granted.returncode == 0, granted.stderr
    grants = people(mergewarden)["root"]["grants"]
    assert [(grant["role"], grant["path"]) for grant in grants] == [("admin", ""), ("triager", "shop")]
    assert mergewarden("admin", "revoke", "root", str(grants[1]["id"])).returncode == 0
    assert mergewarden("admin", "revoke", "root", str(grants[1]["id"])).returncode == 2
    assert mergewarden("admin", "disable", "#1").returncode == 0
    assert people(mergewarden)["root"]["disabled_at"] is not None
    assert mergewarden("admin", "enable", "root").returncode == 0
    assert mergewarden("admin", "reset-password", "root", "--password-file", password).returncode == 0


def test_a_weak_password_is_refused_and_not_repeated(mergewarden: CommandLine, tmp_path: Path) -> None:
    place = tmp_path / "weak"
    place.write_text("password12345")
    refused = mergewarden("admin", "create", "eve", "--password-file", place)
    assert refused.returncode == 2
    assert "password12345" not in refused.stdout + refused.stderr
    assert "eve" not in people(mergewarden)


def test_without_a_terminal_nobody_is_asked(mergewarden: CommandLine) -> None:
    refused = mergewarden("admin", "create", "eve")
    assert (refused.returncode, "--password-file" in refused.stderr) == (2, True)


def test_a_grant_for_somebody_unknown_says_where_people_come_from(mergewarden: CommandLine) -> None:
    refused = mergewarden("admin", "grant", "nobody", "viewer")
    assert (refused.returncode, "sign in" in refused.stderr) == (2, True)
