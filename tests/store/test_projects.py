"""Projects by path, and those that no GitLab knows."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.store.engine import session, write_session
from bot.store.projects import (
    _FULL_PATH,
    Project,
    UnknownProject,
    all_projects,
    find_by_path,
    get_project,
    register_local,
    upsert_projects,
)

SHOP = Project(412, "Shop/Backend", "https://gitlab.example/shop/backend", "", "main")


def local(engine: Engine, path: str) -> Project:
    with write_session(engine) as writing:
        return register_local(writing, path)


def test_a_project_is_found_by_its_path_in_any_case(engine: Engine) -> None:
    with write_session(engine) as writing:
        upsert_projects(writing, [SHOP])
    with session(engine) as reading:
        assert find_by_path(reading, "shop/backend") == SHOP
        assert find_by_path(reading, "SHOP/BACKEND") == SHOP
        assert find_by_path(reading, "shop/backend2") is None
        assert find_by_path(reading, "shop/%") is None


def test_of_two_projects_with_one_path_the_one_heard_of_last_counts(engine: Engine) -> None:
    """The first was renamed, and nobody told us yet; the second took its path."""
    for project in (SHOP, Project(500, "shop/backend")):
        with write_session(engine) as writing:
            upsert_projects(writing, [project])
    with session(engine) as reading:
        found = find_by_path(reading, "shop/backend")
    assert found is not None
    assert found.id == 500


def test_a_local_project_has_a_number_that_gitlab_never_gives(engine: Engine) -> None:
    first, second = local(engine, "shop/backend"), local(engine, "shop/frontend")
    assert (first.id, second.id) == (-1, -2)
    with session(engine) as reading:
        assert get_project(reading, -1) == first
        assert find_by_path(reading, "shop/frontend") == second


def test_registering_twice_is_registering_once(engine: Engine) -> None:
    assert local(engine, "shop/backend") == local(engine, "Shop/BACKEND")
    with session(engine) as reading:
        assert len(all_projects(reading)) == 1


def test_a_project_of_gitlab_goes_before_a_local_one(engine: Engine) -> None:
    local(engine, "shop/backend")
    with write_session(engine) as writing:
        upsert_projects(writing, [SHOP])
    with session(engine) as reading:
        assert find_by_path(reading, "shop/backend") == SHOP
    assert local(engine, "shop/backend") == SHOP


def test_many_at_once_make_one(engine: Engine) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(local(engine, "shop/backend").id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    with session(engine) as reading:
        assert len(all_projects(reading)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "",
        "shop",
        "412",
        "/shop/backend",
        "shop/",
        "shop//backend",
        "shop/../x",
        "shop/.",
        "a b/c",
        "a/b\n",
        "中/文",
        "-shop/backend",
        "shop/back*",
        "a/" + "b" * 1000,
    ],
)
def test_what_can_be_no_path_of_a_project_is_not_registered(engine: Engine, path: str) -> None:
    with write_session(engine) as writing, pytest.raises(UnknownProject, match="full path") as caught:
        register_local(writing, path)
    assert "shop/backend" in caught.value.hint
    with session(engine) as reading:
        assert all_projects(reading) == ()


@given(st.from_regex(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,20}(/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,20}){1,3}", fullmatch=True))
def test_every_path_that_gitlab_may_have_can_be_registered(path: str) -> None:
    assert _FULL_PATH.fullmatch(path)
