from __future__ import annotations

from sqlalchemy import Engine, text

from bot.store.engine import write_session
from bot.store.migrate import migrate, pending_migrations
from bot.store.revision import is_current, newest_revision


def test_the_quick_answer_agrees_with_alembic(engine: Engine) -> None:
    migrate(engine)
    assert pending_migrations(engine) == []
    assert is_current(engine)


def test_an_older_or_newer_database_is_not_current(engine: Engine) -> None:
    migrate(engine)
    for other in ("0000", "9999"):
        with write_session(engine) as opened:
            opened.execute(text("UPDATE alembic_version SET version_num = :other"), {"other": other})
        assert not is_current(engine)
    with write_session(engine) as opened:
        opened.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": newest_revision()})
    assert is_current(engine)
