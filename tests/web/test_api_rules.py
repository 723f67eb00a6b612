"""The rules over HTTP: for whoever has a token that reads, with the numbers of the projects that it is good for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from bot.cli.web_process import rule_dependencies
from bot.domain.access import Scope
from bot.domain.rule_version import RuleOutcome, RuleSimulation
from bot.pipeline.rule_desk import dossier, shelf
from bot.store import rules_versions
from bot.store.engine import write_session
from bot.texts import Language
from bot.web.api.rates import Limits, RateLimits
from bot.web.app import SecurityHeaders
from bot.web.rules import add_rules
from tests.pipeline.own_rules import SOURCE, version_of
from tests.store.counting import counted
from tests.store.known import add_finding
from tests.store.samples import SAST
from tests.web.portal import OTHER, SHOP, Portal, basic

RULE = "python-sql-injection-request"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def portal(tmp_path: Path, engine: Engine) -> Portal:
    return made(tmp_path, engine)


def made(folder: Path, engine: Engine, **settings: object) -> Portal:
    portal = Portal(folder, engine, settings=settings)
    app = FastAPI(openapi_url=None)
    app.add_middleware(SecurityHeaders)
    given = rule_dependencies(portal.services, None, RateLimits(Limits(reads=30)))
    # Tokens of the tests are of another year.
    add_rules(app, replace(given, door=replace(given.door, now=lambda: portal.now)))
    portal.app = app
    return portal


def happen(engine: Engine, count: int, project: int = SHOP.id, first: int = 1) -> None:
    with write_session(engine) as writing:
        for number in range(first, first + count):
            found = replace(SAST, rule_id=RULE, fingerprint=f"{number:064x}")
            add_finding(writing, number, found, project_id=project)


def document(answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return dict(json.loads(answer.text))


def test_programs_get_the_list_and_one_rule(portal: Portal, engine: Engine) -> None:
    happen(engine, 3)
    token = portal.bearer(Scope.READ)
    rules = document(portal.get("/api/v1/rules?severity=critical", **token))["rules"]
    assert isinstance(rules, list)
    assert {rule["severity"] for rule in rules} == {"critical"}
    one = document(portal.get(f"/api/v1/rules/{RULE}", **token))
    here = one["here"]
    assert isinstance(here, dict)
    assert (one["id"], here["findings"], here["projects"]) == (RULE, 3, 1)
    assert one["samples"]


def test_a_read_has_an_etag_and_the_fields_that_were_asked_for(portal: Portal) -> None:
    token = portal.bearer(Scope.READ)
    for path in ("/api/v1/rules", f"/api/v1/rules/{RULE}"):
        first = portal.get(path, **token)
        assert first.headers["cache-control"] == "private, no-cache"
        same = portal.get(path, **token, **{"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
        fewer = portal.get(f"{path}?fields=id,severity", **token)
        assert fewer.headers["etag"] != first.headers["etag"]
        rules = fewer.json()["rules"] if path.endswith("/rules") else [fewer.json()]
        assert all(set(rule) == {"id", "severity"} for rule in rules)


def test_whoever_asks_too_often_has_to_wait(portal: Portal) -> None:
    token = portal.bearer(Scope.READ)
    answers = [portal.get(f"/api/v1/rules/{RULE}", **token) for _ in range(31)]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=30;w=60'
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert portal.get(f"/api/v1/rules/{RULE}", **portal.bearer(Scope.READ)).status_code == 200


def test_a_token_sees_the_numbers_of_its_projects_only(portal: Portal, engine: Engine) -> None:
    happen(engine, 3)
    happen(engine, 4, OTHER.id, first=10)
    seen = {}
    for pattern in ("shop/*", "other/*", "nothing/*", "**"):
        answer = portal.get(f"/api/v1/rules/{RULE}", **portal.bearer(Scope.READ, project=pattern))
        here = document(answer)["here"]
        assert isinstance(here, dict)
        seen[pattern] = (here["findings"], here["projects"])
    assert seen == {"shop/*": (3, 1), "other/*": (4, 1), "nothing/*": (0, 0), "**": (7, 2)}


def test_what_a_waiting_version_was_tried_on_is_not_told_to_those_who_may_not_see_it(
    tmp_path: Path, engine: Engine
) -> None:
    portal = made(tmp_path, engine, rules_folder=tmp_path / "rules")
    version = version_of(tmp_path / "rules", SOURCE)
    outcome = RuleOutcome("org-python-raw-ledger", 2, 0, 0, ("other/secret",), 1, ("+ other/secret a.py:3",))
    tried = RuleSimulation(version.digest, "", NOW, 1, 9, 1.0, 0.0, (outcome,), ("other/gone: none",))
    with write_session(engine) as writing:
        rules_versions.keep_version(writing, version, origin="rules@1", at=NOW, simulation=tried)
        rules_versions.note_seen(writing, source="rules", seen="1", waiting=version.digest, at=NOW)
    seen = {
        pattern: portal.get("/api/v1/rules", **portal.bearer(Scope.READ, project=pattern)).text
        for pattern in ("shop/*", "**")
    }
    assert "other/secret a.py:3" in seen["**"]
    assert '"own": null' in seen["shop/*"]
    assert "other/" not in seen["shop/*"]


def test_who_sees_the_rules_project_sees_how_they_stand_and_nothing_of_other_projects(
    tmp_path: Path, engine: Engine
) -> None:
    portal = made(tmp_path, engine, rules_project="security/rules")
    version = version_of(tmp_path / "rules", SOURCE)
    outcome = RuleOutcome("org-python-raw-ledger", 977, 0, 0, ("other/secret",), 1, ("+ other/secret a.py:3",))
    tried = RuleSimulation(version.digest, "", NOW, 1, 988, 1.0, 0.0, (outcome,), ())
    with write_session(engine) as writing:
        rules_versions.keep_version(writing, version, origin="security/rules@1", at=NOW, simulation=tried)
        rules_versions.note_seen(writing, source="security/rules", seen="1", waiting=version.digest, at=NOW)
    seen = portal.get("/api/v1/rules", **portal.bearer(Scope.READ, project="security/*")).text
    assert version.digest in seen
    assert not any(told in seen for told in ("977", "988", "other/"))


@pytest.mark.parametrize("path", ["/api/v1/rules", f"/api/v1/rules/{RULE}"])
def test_a_stranger_learns_nothing(portal: Portal, path: str) -> None:
    assert portal.get(path, X="y").status_code == 401
    assert portal.get(path, **basic(portal.token(Scope.READ))).status_code == 401
    assert portal.get(path, **portal.bearer(Scope.IMPORT)).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/rules/no-such-rule", 404),
        (f"/api/v1/rules/{RULE}?scanner=bandit", 404),
        ("/api/v1/rules?severity=grave", 400),
        ("/api/v1/rules?sort=age", 400),
        ("/api/v1/rules?q=x", 400),
        ("/api/v1/rules/%3Cscript%3E", 404),
        ("/api/v1/rules?fields=id,secret", 422),
    ],
)
def test_what_is_not_there_is_told(portal: Portal, path: str, status: int) -> None:
    answer = portal.get(path, **portal.bearer(Scope.READ))
    assert answer.status_code == status
    assert "<script" not in answer.text


def test_the_rules_take_the_same_number_of_statements_whatever_there_is(portal: Portal, engine: Engine) -> None:
    counts = []
    for first, count in ((1, 1), (10, 60)):
        happen(engine, count, first=first)
        with counted(engine) as listed:
            shelf(portal.services, Language.ENGLISH, NOW, lambda _: True)
        with counted(engine) as shown:
            found = dossier(portal.services, RULE, Language.ENGLISH, NOW, sees=lambda _: True)
        assert found is not None
        counts.append((len(listed), len(shown)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 6
