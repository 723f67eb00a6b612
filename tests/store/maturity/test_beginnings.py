"""When scanners first looked at a branch, for databases from before that was kept."""

from __future__ import annotations

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

import bot.store
from bot.store.engine import open_engine, session, write_session
from bot.store.migrate import migrate

_REFS = """
INSERT INTO tracked_ref (id, project_id, key, name, merge_request_iid, is_default, updated_at) VALUES
  (1, 5, 'a', 'main', NULL, :yes, :late), (2, 5, 'b', '!7', 7, :no, :late), (3, 6, 'c', 'main', NULL, :yes, :late)
"""
_STREAMS = """
INSERT INTO stream (id, ref_id, key, source, looked_with, revision, seen_at) VALUES
  (1, 1, 'a', 'scan', '{"semgrep":"1","bandit":""}', 1, :late), (2, 1, 'b', 'import:CodeQL', '{}', 1, :late),
  (3, 2, 'c', 'scan', '{"semgrep":"1"}', 1, :late), (4, 3, 'd', 'scan', '{"semgrep":"1"}', 1, :late)
"""
_SCANS = """
INSERT INTO scan (id, project_id, iid, project, project_url, ref, outcome, policy_digest, started_at, recorded_at,
  seconds, files_changed, files_read, error, violations, reasons, tolerated) VALUES
  ('x', 5, NULL, '', '', 'main', 'passed', '', :early, :early, 1, 1, 1, '', '[]', '[]', :no),
  ('y', 5, NULL, '', '', 'main', 'passed', '', :late, :late, 1, 1, 1, '', '[]', '[]', :no)
"""
_EARLY, _LATE = "2026-01-01 08:00:00.000000", "2026-02-01 08:00:00.000000"


def test_who_has_spoken_about_a_branch_did_so_from_its_oldest_scan_on(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(bot.store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0005")
    zone = "+00" if engine.dialect.name == "postgresql" else ""
    values = {"early": _EARLY + zone, "late": _LATE + zone, "yes": True, "no": False}
    with write_session(engine) as writing:
        for statement in (_REFS, _STREAMS, _SCANS):
            writing.execute(text(statement), values)
    assert migrate(engine)[0] == "0006 Maturity and compliance"
    with session(engine) as reading:
        found = {row.id: row.began for row in reading.execute(text("SELECT id, began FROM stream"))}
    early, late = "2026-01-01T08:00:00+00:00", "2026-02-01T08:00:00+00:00"
    assert json.loads(found[1]) == {"semgrep": early}
    assert json.loads(found[2]) == {}
    assert found[3] is None
    # No scan of it is left: what it saw until now was there before.
    assert json.loads(found[4]) == {"semgrep": late}
    engine.dispose()
