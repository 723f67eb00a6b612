"""What is noted of imports, and in which order it comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from bot.store import imports
from bot.store.engine import session, write_session
from tests.store.counting import counted

SHA = "a" * 40


def record(engine: Engine, project_id: int = 412, **changes: Any) -> int:
    values: dict[str, Any] = {
        "ref": "main",
        "merge_request_iid": None,
        "commit": SHA,
        "format": "sarif",
        "digest": "d" * 64,
        "tools": ("eslint 9",),
        "actor": "token 1 (ci)",
        "counts": {"new": 3, "known": 0},
        "rejected": (("runs[0]", "it is \u202e odd"),),
    }
    with write_session(engine) as writing:
        return imports.record(writing, project_id=project_id, **(values | changes))


def test_an_import_comes_back_as_it_was_noted(engine: Engine) -> None:
    number = record(engine, merge_request_iid=7)
    with session(engine) as reading:
        found = imports.get_import(reading, 412, number)
    assert found is not None
    assert abs(found.imported_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert found == imports.RecordedImport(
        number,
        412,
        "main",
        7,
        SHA,
        "sarif",
        "d" * 64,
        ("eslint 9",),
        "token 1 (ci)",
        found.imported_at,
        {"new": 3, "known": 0},
        (("runs[0]", "it is \u202e odd"),),
    )


def test_an_import_of_another_project_is_none_of_ours(engine: Engine) -> None:
    number = record(engine)
    with session(engine) as reading:
        assert imports.get_import(reading, 413, number) is None
        assert imports.get_import(reading, 412, number + 1) is None


def test_only_the_first_hundred_rejected_results_are_kept(engine: Engine) -> None:
    number = record(engine, rejected=[(f"r{n}", "why") for n in range(1000)], counts={"rejected": 1000})
    with session(engine) as reading:
        found = imports.get_import(reading, 412, number)
    assert found is not None
    assert (len(found.rejected), found.counts["rejected"]) == (100, 1000)


def test_the_list_is_newest_first_and_goes_on_where_it_ended(engine: Engine) -> None:
    numbers = [record(engine) for _ in range(5)]
    record(engine, 413)
    with session(engine) as reading:
        first = imports.list_imports(reading, 412, limit=2)
        rest = imports.list_imports(reading, 412, before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == numbers[::-1]


def test_the_list_is_one_query(engine: Engine) -> None:
    for _ in range(3):
        record(engine)
    with session(engine) as reading, counted(engine) as queries:
        assert len(imports.list_imports(reading, 412)) == 3
    assert len(queries) == 1


def test_an_identical_file_is_one_for_the_same_branch_or_merge_request(engine: Engine) -> None:
    record(engine)
    newest = record(engine)
    record(engine, digest="e" * 64)
    record(engine, merge_request_iid=7)
    with session(engine) as reading:
        found = imports.last_identical(reading, 412, "main", None, "d" * 64)
        assert found is not None
        assert found.id == newest
        assert imports.last_identical(reading, 412, "other", None, "d" * 64) is None
        assert imports.last_identical(reading, 412, "main", 8, "d" * 64) is None
        assert imports.last_identical(reading, 413, "main", None, "d" * 64) is None


def test_the_last_pipeline_is_told_from_what_people_bring(engine: Engine) -> None:
    record(engine, actor="pipeline 9")
    record(engine, actor="pipeline 70411")
    record(engine, actor="token 3 (pipeline 99)")
    record(engine, actor="pipeline 80000", ref="other")
    with session(engine) as reading:
        found = imports.last_of_pipeline(reading, 412, "main", None)
        assert found is not None
        assert found.pipeline == 70411
        assert imports.last_of_pipeline(reading, 412, "main", 7) is None
        (by_token,) = [one for one in imports.list_imports(reading, 412) if "token" in one.actor]
        assert by_token.pipeline is None


def test_a_forgotten_project_has_none(engine: Engine) -> None:
    record(engine)
    record(engine, 413)
    with write_session(engine) as writing:
        imports.forget_project(writing, 412)
    with session(engine) as reading:
        assert imports.list_imports(reading, 412) == ()
        assert len(imports.list_imports(reading, 413)) == 1
