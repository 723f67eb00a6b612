"""Packages over all projects: those of a bill of materials and those that only findings name, in one order."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.store import components
from bot.store.engine import session, write_session
from scanners.finding import Severity
from tests.store.counting import counted
from tests.store.operations import BANK, HIDDEN, SHOP, add_licence, add_package_findings
from tests.store.standing import add_project


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        for number, path in ((SHOP, "shop/backend"), (BANK, "bank/core"), (HIDDEN, "secret/plan")):
            add_project(writing, number, path)
        add_licence(writing, SHOP, "flask", "2.0", "BSD-3-Clause")
        add_licence(writing, BANK, "flask", "2.0", "BSD-3-Clause")
        add_licence(writing, BANK, "flask", "1.0", "MIT")
        add_licence(writing, BANK, "left-pad", "1.3", "WTFPL", eco="npm")
        add_licence(writing, HIDDEN, "flask", "0.1", "GPL-3.0-only")
        add_licence(writing, HIDDEN, "hidden-thing", "1", "MIT")
        add_package_findings(writing, SHOP, 1, "flask", 3, Severity.CRITICAL)
        add_package_findings(writing, HIDDEN, 1, "flask", 100)
        add_package_findings(writing, BANK, 2, "only-found")
        add_package_findings(writing, HIDDEN, 3, "only-hidden")
    return engine


MINE = frozenset({SHOP, BANK})


def test_a_package_has_what_the_projects_that_one_sees_say_of_it(stocked: Engine) -> None:
    with session(stocked) as reading:
        page = components.page(reading, MINE)
    flask, found, left_pad = page.components
    assert (flask.package, flask.projects, flask.versions, flask.licences) == (
        "flask",
        2,
        ("2.0", "1.0"),
        ("BSD-3-Clause", "MIT"),
    )
    assert (flask.open, flask.worst, flask.affected) == (3, Severity.CRITICAL, 1)
    assert (found.package, found.projects, found.versions, found.open) == ("only-found", 0, (), 1)
    assert (left_pad.ecosystem, left_pad.licences, left_pad.open, left_pad.worst) == ("npm", ("WTFPL",), 0, None)
    assert page.next is None


def test_whoever_sees_everything_sees_all(stocked: Engine) -> None:
    with session(stocked) as reading:
        page = components.page(reading, None)
        assert [one.package for one in page.components] == [
            "flask",
            "hidden-thing",
            "only-found",
            "only-hidden",
            "left-pad",
        ]
        assert page.components[0].open == 103
        assert components.page(reading, frozenset()).components == ()
        assert components.ecosystems(reading) == ("PyPI", "npm")


def test_pages_follow_each_other_without_a_gap_or_a_repetition(stocked: Engine) -> None:
    seen: list[str] = []
    after = None
    with session(stocked) as reading:
        while True:
            page = components.page(reading, None, after=after, limit=2)
            seen += [one.package for one in page.components]
            after = page.next
            if after is None:
                break
    assert seen == ["flask", "hidden-thing", "only-found", "only-hidden", "left-pad"]


def test_a_name_is_found_by_a_part_of_it_and_signs_are_no_patterns(stocked: Engine) -> None:
    with session(stocked) as reading:
        assert [one.package for one in components.page(reading, MINE, text="LASK").components] == ["flask"]
        assert [one.package for one in components.page(reading, MINE, ecosystem="npm").components] == ["left-pad"]
        assert components.page(reading, MINE, text="%").components == ()
        assert components.page(reading, MINE, text="hidden").components == ()


def test_the_number_of_statements_does_not_follow_the_number_of_packages(stocked: Engine) -> None:
    def ask() -> int:
        with counted(stocked) as statements, session(stocked) as reading:
            components.page(reading, MINE)
        return len(statements)

    few = ask()
    with write_session(stocked) as writing:
        for number in range(60):
            add_licence(writing, SHOP, f"package-{number}", "1", "MIT")
    assert ask() == few == 4


def test_a_package_is_used_by_those_who_say_so_and_those_with_findings(stocked: Engine) -> None:
    with session(stocked) as reading:
        uses, following = components.users(reading, ("PyPI", "flask"), MINE)
        assert [(one.path, one.versions, one.open) for one in uses] == [
            ("shop/backend", ("2.0",), 3),
            ("bank/core", ("1.0", "2.0"), 0),
        ]
        assert following is None
        (found,), _ = components.users(reading, ("PyPI", "only-found"), MINE)
        assert (found.path, found.versions, found.open) == ("bank/core", (), 1)
        assert components.users(reading, ("PyPI", "only-hidden"), MINE) == ((), None)
        first, following = components.users(reading, ("PyPI", "flask"), None, limit=2)
        rest, end = components.users(reading, ("PyPI", "flask"), None, after=following, limit=2)
        assert [one.project_id for one in (*first, *rest)] == [SHOP, BANK, HIDDEN]
        assert end is None
