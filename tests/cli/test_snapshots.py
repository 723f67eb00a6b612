"""``mergewarden snapshots``: listed, shown, taken away and made again; whatever was changed is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bot.domain.maturity.exported import read_export, verify_export
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.maturity.verifying import verify_stored
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import session, write_session
from bot.store.maturity import counting, snapshots
from bot.store.maturity.snapshots import Wanted
from bot.store.projects import Project, upsert_projects
from tests.cli.conftest import CommandLine
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import SCANNED
from tests.stores import place_store

NIGHT = datetime(2026, 11, 26, 3, tzinfo=UTC)
YESTERDAY = NIGHT.date() - timedelta(days=1)


def fill(folder: Path) -> Services:
    """Two nights of two projects, of which the second night has a revision."""
    place_store(folder / "mergewarden.db")
    made = Services(Settings(data_dir=folder), Metrics())
    with write_session(made.store) as writing:
        upsert_projects(writing, [Project(1, "shop/till"), Project(2, "shop/web/api")])
    for day, now in ((YESTERDAY, NIGHT), (NIGHT.date(), NIGHT + timedelta(days=1))):
        with write_session(made.store) as writing:
            counting.keep_days(writing, {(number, day): {**SCANNED, "scans": 29 + number} for number in (1, 2)})
        take_night(made, now, [worlds.model()])
    with write_session(made.store) as writing:
        snapshots.note_late(writing, counting.keep_days(writing, {(1, NIGHT.date()): {**SCANNED, "scans": 99}}))
    take_night(made, NIGHT + timedelta(days=1, hours=1), [worlds.model()])
    return made


@pytest.fixture(scope="module")
def mergewarden(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    made = CommandLine(tmp_path_factory.mktemp("data"))
    fill(made.data_dir).close()
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    services = fill(tmp_path)
    yield services.store
    services.close()


def forged(engine: Engine, *statements: str) -> list[str]:
    """What is named after somebody who owns the database changed something."""
    with write_session(engine) as writing:
        names = writing.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            writing.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            writing.execute(text(statement))
    return [f"{one.row.scope} {one.row.revision}: {one.defect.text}" for one in verify_stored(engine).found]


def test_they_are_listed_shown_and_whole(mergewarden: CommandLine, tmp_path: Path) -> None:
    done = mergewarden("snapshots", "list", "--organisation")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[1:5] for line in lines[1:]] == [
        ["organisation", "night", "2026-11-26", "2"],
        ["organisation", "night", "2026-11-26", "1"],
        ["organisation", "night", "2026-11-25", "1"],
    ]
    assert "small" in lines[1]
    digest = lines[1].split()[5]
    done = mergewarden("snapshots", "show", digest)
    assert done.returncode == 0, done.stderr
    assert "revision 2" in done.stdout
    assert "projects  2" in done.stdout
    done = mergewarden("snapshots", "verify")
    assert (done.returncode, done.stdout) == (
        0,
        "whole: 13 snapshots were made again, and all of them give their hash\n",
    ), done.stderr

    place = tmp_path / "organisation.json"
    assert mergewarden("snapshots", "show", digest, "--format", "json", "-o", place).returncode == 0
    done = mergewarden("snapshots", "verify", place)
    assert done.returncode == 0, done.stdout
    assert "as do the contents of its 2 projects" in done.stdout
    document = json.loads(place.read_text())
    document["content"]["results"][0]["score"] = 100
    place.write_text(json.dumps(document))
    done = mergewarden("snapshots", "verify", place)
    assert done.returncode == 1
    assert "its content has digest" in done.stdout
    place.write_text("{}")
    done = mergewarden("snapshots", "verify", place)
    assert done.returncode == 2
    assert "no exported snapshot" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "4711"), "no snapshot 4711"),
        (("show", "not; a digest"), "no snapshot"),
        (("list", "--period", "fortnight"), "no kind of period"),
        (("list", "--since", "tomorrow"), "not a date"),
        (("list", "--group", "a", "--organisation"), "Name one of them"),
        (("verify", "/nowhere"), "cannot be read"),
    ],
)
def test_wrong_use_is_told(mergewarden: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    done = mergewarden("snapshots", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_every_export_is_whole_and_alone_it_says_what_is_missing(engine: Engine) -> None:
    from bot.cli.snapshots import _export

    with session(engine) as reading:
        rows = [row for row, _ in snapshots.page(reading, Wanted(), limit=100)]
        for row in rows:
            document = json.loads(json.dumps(_export(reading, row, alone=False).document()))
            assert verify_export(read_export(document)) == ()
            alone = verify_export(_export(reading, row, alone=True))
            assert [one.flaw.value for one in alone] == ([] if row.scope.project_id is not None else ["missing"])


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE snapshot SET last_day = '2026-12-01' WHERE scope = '1' AND revision = 2", "project 1 2: its digest"),
        ("UPDATE snapshot SET revision = 3 WHERE scope = '1' AND revision = 2", "project 1 3: it does not follow"),
        (
            "DELETE FROM snapshot WHERE scope = '1' AND last_day = '2026-11-26' AND revision = 1",
            "project 1 2: revision 1",
        ),
        ("UPDATE snapshot_score SET score = 100", "organisation 1: the scores that lists show"),
        ("DELETE FROM snapshot_score", "project 2 1: the scores that lists show"),
        ("DELETE FROM maturity_model", "project 2 1: model small 1"),
        ("UPDATE maturity_model SET document = x'789c0300000000 01'", "project 2 1: model small 1"),
        (
            "UPDATE snapshot_content SET document = (SELECT document FROM snapshot_content c2 JOIN snapshot s "
            "ON s.content = c2.digest WHERE s.scope = '1' AND s.revision = 2) WHERE digest = "
            "(SELECT content FROM snapshot WHERE scope = '2' LIMIT 1)",
            "project 2 1: its content has digest",
        ),
    ],
)
def test_what_the_databases_owner_changes_is_named(engine: Engine, statement: str, named: str) -> None:
    found = forged(engine, "PRAGMA defer_foreign_keys = ON", statement.replace("00000000 01", "0000000001"))
    assert any(one.startswith(named) for one in found), found


def test_a_projects_content_that_is_gone_is_named_with_its_groups(engine: Engine) -> None:
    gone = "SELECT content FROM snapshot WHERE scope = '2' LIMIT 1"
    found = forged(
        engine,
        "CREATE TABLE dropped AS " + gone,
        "DELETE FROM snapshot_score WHERE snapshot_id IN (SELECT id FROM snapshot WHERE scope = '2')",
        "DELETE FROM snapshot WHERE scope = '2'",
        "DELETE FROM snapshot_content WHERE digest IN (SELECT content FROM dropped)",
    )
    assert any(one.startswith("organisation 1: the contents of ") and "missing" in one for one in found), found
    assert any(one.startswith("group shop/web 1: the contents of 1 of its 1") for one in found), found
