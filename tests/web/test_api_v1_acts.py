"""What people do over the desk's API: judging alone and in bulk, taking it back, second persons, people and tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.domain.incident import Incident, IncidentKind
from bot.domain.job_board import JobState, SeenJob
from bot.domain.policy import SecondPerson
from bot.domain.roles import Principal
from bot.domain.triage import TriageState
from bot.domain.verdict import Outcome
from bot.store import desk, heads, incidents, scans
from bot.store.engine import session, write_session
from bot.texts import Language
from bot.web.entry import Credentials, Visitor
from tests.pipeline.desk_stage import GRACE
from tests.store.known import BANK, SHOP, add_finding, add_presence
from tests.store.samples import DEPENDENCY, REPORT
from tests.web.api_stage import NOW, ApiStage, ids
from tests.web.visitors import FakeDoorman

DISMISS: dict[str, Any] = {
    "state": "dismissed",
    "justification": "false_positive",
    "reason": "a constant",
    "expires_at": (NOW + timedelta(days=30)).isoformat(),
}


@pytest.fixture
def api(engine: Engine, tmp_path: Path) -> ApiStage:
    return ApiStage(engine, tmp_path)


def test_a_decision_holds_is_told_and_taken_back(api: ApiStage) -> None:
    made = api.post("/findings/1/decision", DISMISS).json()
    assert [one["result"] for one in made["done"]] == ["holds"]
    assert api.stage.state(1) is TriageState.DISMISSED
    shown = api.get("/findings/1").json()
    assert (shown["judgement"]["by"], shown["suppressed_by"]) == ("ada", made["done"][0]["suppression"])
    assert [event["after"] for event in api.get("/findings/1/history").json()["items"]] == ["dismissed"]
    assert 1 not in ids(api.get("/findings"))
    undone = api.post(f"/undo/{made['batch']}")
    assert undone.status_code == 200
    assert api.stage.state(1) is TriageState.DETECTED
    assert 1 in ids(api.get("/findings"))


def test_a_decision_that_makes_no_sense_is_refused_as_on_the_page(api: ApiStage) -> None:
    assert api.post("/findings/1/decision", {"state": "dismissed", "reason": "x"}).status_code == 422
    assert api.post("/findings/1/decision", {**DISMISS, "expires_at": "2026-01-01T00:00:00Z"}).status_code == 422
    assert api.post("/findings/1/decision", {**DISMISS, "expires_at": "2027-01-01"}).status_code == 422
    assert api.post("/findings/1/decision", {**DISMISS, "expires_at": "9999-12-31T23:59:59-14:00"}).status_code == 422
    assert api.stage.state(1) is TriageState.DETECTED


def test_many_are_judged_at_once_and_what_is_not_possible_is_named(api: ApiStage) -> None:
    made = api.post("/decisions", {**DISMISS, "findings": [1, 2, 1001, 777]}).json()
    assert [one["finding"] for one in made["done"]] == [1, 2]
    assert {one["finding"]: one["fault"] for one in made["refused"]} == {1001: "not_found", 777: "not_found"}
    assert api.post("/decisions", {**DISMISS, "findings": []}).status_code == 422


def test_of_two_who_claim_one_wins(api: ApiStage) -> None:
    assert api.post("/claims", {"findings": [1]}).json()["done"]
    late = api.post("/claims", {"findings": [1]}, by="grace").json()
    assert [one["fault"] for one in late["refused"]] == ["conflict"]
    assert ids(api.get("/findings?assignee=me")) == [1]
    assert api.get("/findings?assignee=me").json()["items"][0]["assignee"] == {"id": 1, "name": "ada"}
    api.post("/assignments", {"findings": [1], "person": None})
    assert ids(api.get("/findings?assignee=me")) == []


def test_findings_are_put_aside_and_brought_back(api: ApiStage) -> None:
    until = (NOW + timedelta(days=3)).isoformat()
    assert api.post("/snoozes", {"findings": [2], "until": until}).json()["done"]
    assert 2 not in ids(api.get("/findings"))
    assert api.post("/snoozes", {"findings": [2], "until": None}).json()["done"]
    assert 2 in ids(api.get("/findings"))


def test_a_second_person_approves_what_one_asked_for(engine: Engine, tmp_path: Path) -> None:
    api = ApiStage(engine, tmp_path)
    api.stage.second_person = SecondPerson.ALWAYS
    made = api.post("/findings/1/decision", DISMISS).json()["done"][0]
    assert made["result"] == "requested"
    number = made["suppression"]
    assert ids(api.get("/suppressions?standing=waiting")) == [number]
    assert api.post(f"/suppressions/{number}/approval", {}).status_code in (403, 422)
    assert api.post(f"/suppressions/{number}/approval", {}, by="stranger").status_code == 404
    approved = api.post(f"/suppressions/{number}/approval", {"reason": "agreed"}, by="grace")
    assert approved.json()["approved_by"] == "grace"
    assert ids(api.get("/suppressions?standing=in_force&scope=finding")) == [number]
    ended = api.post(f"/suppressions/{number}/revocation", {"reason": "no longer"}, by="grace")
    assert ended.json()["standing"] == "revoked"


def test_an_exception_for_a_rule_is_for_those_who_may(api: ApiStage) -> None:
    body = {
        "project": SHOP,
        "scanner": "bandit",
        "rule": "B602",
        "justification": "acceptable_risk",
        "reason": "test code",
        "expires_at": DISMISS["expires_at"],
    }
    assert api.post("/suppressions", body).status_code == 403
    made = api.post("/suppressions", body, by="lead")
    assert (made.status_code, made.json()["scope"], made.json()["created_by"]) == (201, "rule", "lead")
    assert api.get(f"/suppressions/{made.json()['id']}", by="stranger").status_code == 404


def test_an_exposure_is_set_by_those_who_keep_the_project(api: ApiStage) -> None:
    assert api.get(f"/projects/{SHOP}/exposure").json() == {
        "exposure": "unknown",
        "changed_by": None,
        "changed_at": None,
    }
    change = {"exposure": "internet"}
    assert api.request("PUT", f"/projects/{SHOP}/exposure", json=change).status_code == 403
    assert api.request("PUT", f"/projects/{SHOP}/exposure", json=change, by="lead").json()["changed_by"] == "lead"
    assert api.get(f"/projects/{SHOP}").json()["exposure"] == "internet"


def test_merge_requests_scans_and_what_the_gate_said(api: ApiStage) -> None:
    report = REPORT
    iid = report.subject.merge_request_iid
    assert iid is not None
    with write_session(api.engine) as writing:
        scans.record_scan(writing, report, project_id=SHOP, scan_id="scan.1")
        heads.raise_sequence(
            writing, SHOP, iid, workflow_id="scan.1", head_sha=report.subject.head_sha, target_branch="main"
        )
        with_sequence = heads.current_sequence(writing, SHOP, iid)
        heads.mark_scanned(
            writing,
            SHOP,
            iid,
            sequence=with_sequence,
            scan_id="scan.1",
            head_sha=report.subject.head_sha or "",
            base_sha=report.subject.base_sha,
        )
    (line,) = api.get(f"/projects/{SHOP}/merge-requests?state=opened").json()["items"]
    assert (line["iid"], line["scan"], line["outcome"]) == (iid, "scan.1", report.decision.outcome.value)
    assert api.get(f"/projects/{SHOP}/merge-requests/{iid}").json() == line
    assert api.get(f"/projects/{SHOP}/merge-requests/999").status_code == 404
    assert ids(api.get(f"/projects/{SHOP}/scans?merge_request={iid}")) == ["scan.1"]
    scan = api.get("/scans/scan.1").json()
    assert len(scan["runs"]) == len(report.runs)
    assert len(scan["violations"]) == len(report.decision.violations)
    assert len(api.get("/scans/scan.1/findings").json()["items"]) == len(report.tracked)
    assert api.get("/scans/scan.1", by="stranger").status_code == 404
    assert Outcome(scan["outcome"]) is report.decision.outcome


def test_advisories_and_components_are_those_of_the_projects_that_one_sees(api: ApiStage) -> None:
    with write_session(api.engine) as writing:
        add_finding(writing, 50, DEPENDENCY)
        add_presence(writing, 50)
        desk.refresh(writing, [50], seen=[50])
    dependency = DEPENDENCY.dependency
    assert dependency is not None
    hits = api.get("/advisories").json()["items"]
    assert [(hit["name"], hit["open"], hit["projects"]) for hit in hits] == [(DEPENDENCY.rule_id, 1, 1)]
    assert api.get("/advisories", by="stranger").json()["items"] == []
    assert api.get("/advisories/CVE-1999-0001").status_code == 404
    (component,) = api.get("/components?q=" + dependency.package[:3]).json()["items"]
    assert (component["package"], component["open"]) == (dependency.package, 1)
    (row,) = api.get("/findings?kind=dependency").json()["items"]
    assert row["package"]["version"] == dependency.version


def test_the_policy_of_a_project_is_shown(api: ApiStage) -> None:
    shown = api.get(f"/projects/{SHOP}/policy").json()
    assert shown["digest"]
    assert shown["document"]


def test_a_role_is_given_and_taken_and_both_are_written_down(api: ApiStage) -> None:
    given = api.post("/people/4/grants", {"role": "triager", "target": "project", "path": "shop/backend"}, by="admin")
    assert given.status_code == 201
    person = api.get("/people/4", by="auditor").json()
    assert [grant["role"] for grant in person["grants"]] == ["triager"]
    gone = api.request("DELETE", f"/people/4/grants/{given.json()['id']}", by="admin")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.request("DELETE", f"/people/4/grants/{given.json()['id']}", by="admin").status_code == 404
    wrong = api.post("/people/4/grants", {"role": "admin", "target": "group", "path": "shop"}, by="admin")
    assert wrong.status_code == 422
    entries = api.get("/audit?action=grant", by="auditor").json()["items"]
    assert [entry["action"] for entry in entries] == ["grant.revoked", "grant.given"]
    assert api.request("PATCH", "/people/8", json={"enabled": False}, by="admin").status_code == 422
    shut = api.request("PATCH", "/people/4", json={"enabled": False}, by="admin").json()
    assert shut["disabled_at"] is not None


def test_a_token_is_made_by_a_person_and_not_by_a_token(api: ApiStage) -> None:
    body = {"name": "ci", "scopes": ["read"]}
    assert api.post("/tokens", body).status_code == 403
    made = api.post("/tokens", body, by=None, headers=api.session("ada"))
    assert made.status_code == 201
    assert made.json()["token"].startswith("mwt_")
    assert api.post("/tokens", {**body, "scopes": ["admin"]}, by=None, headers=api.session("ada")).status_code == 403
    listed = api.get("/tokens").json()["items"]
    assert [token["name"] for token in listed] == ["ci"]
    assert "token" not in listed[0]
    number = made.json()["id"]
    assert api.request("DELETE", f"/tokens/{number}", by="grace").status_code == 404
    assert api.request("DELETE", f"/tokens/{number}").status_code == 204
    assert api.get("/tokens").json()["items"][0]["revoked_at"] is not None


def test_views_are_kept_shared_and_forgotten(api: ApiStage) -> None:
    made = api.post("/views", {"name": "mine", "query": "severity=high", "shared": True})
    assert made.status_code == 201
    (seen,) = api.get("/views", by="grace").json()["items"]
    assert (seen["name"], seen["mine"]) == ("mine", False)
    assert api.request("DELETE", f"/views/{seen['id']}").status_code == 204
    assert api.get("/views").json()["items"] == []


def test_jobs_are_listed_for_those_who_may(api: ApiStage) -> None:
    api.jobs += [_job("a", JobState.WAITING), _job("b", JobState.FAILED), _job("c", JobState.FAILED)]
    assert ids(api.get("/jobs", by="lead")) == ["a"]
    first = api.get("/jobs?state=failed&limit=1", by="lead")
    assert ids(first) == ["b"]
    assert ids(api.get(first.json()["next"], by="lead")) == ["c"]
    assert api.get("/jobs", by="ada").status_code == 403
    assert api.post("/jobs/b/retry", by="ada").status_code == 403


def _job(number: str, state: JobState) -> SeenJob:
    return SeenJob(number, "scan_merge_request", state, "merge-requests", SHOP, 7, NOW, None, None, "", 1, "")


def test_a_webhook_is_kept_by_an_administrator(api: ApiStage) -> None:
    body = {"url": "https://hooks.example/x", "events": ["finding.decided"]}
    assert api.post("/webhooks", body, by="lead").status_code == 403
    assert api.post("/webhooks", {**body, "url": "ftp://x"}, by="admin").status_code == 422
    assert api.post("/webhooks", {**body, "events": ["webhook.test"]}, by="admin").status_code == 422
    number = api.post("/webhooks", body, by="admin").json()["id"]
    assert "secret" not in api.get(f"/webhooks/{number}", by="admin").json()
    api.post("/findings/1/decision", DISMISS)
    (told,) = api.get(f"/webhooks/{number}/deliveries", by="admin").json()["items"]
    assert (told["event"], told["state"]) == ("finding.decided", "waiting")
    assert api.post(f"/webhooks/{number}/test", by="admin").status_code == 202
    assert api.post(f"/deliveries/{told['id']}/redelivery", by="admin").status_code == 202
    off = api.request("PATCH", f"/webhooks/{number}", json={"enabled": False}, by="admin")
    assert off.json()["disabled_at"] is not None
    assert api.post(f"/webhooks/{number}/test", by="admin").status_code == 422
    assert api.request("DELETE", f"/webhooks/{number}", by="lead").status_code == 403
    assert api.request("DELETE", f"/webhooks/{number}", by="admin").status_code == 204
    assert api.request("DELETE", f"/webhooks/{number}", by="admin").status_code == 404
    assert api.get("/webhooks", by="admin").json()["items"] == []
    assert api.stage.actions()[-1] == "hook.deleted"


def test_what_was_undone_is_told_as_well(api: ApiStage) -> None:
    api.post("/webhooks", {"url": "https://hooks.example/x", "events": ["finding.decided"]}, by="admin")
    batch = api.post("/decisions", {**DISMISS, "findings": [1, 2]}).json()["batch"]
    api.post(f"/undo/{batch}")
    with session(api.engine) as reading:
        from bot.store import outgoing

        told = [one.body["data"]["after"] for one in outgoing.deliveries(reading)]
    assert sorted(told) == ["detected", "detected", "dismissed", "dismissed"]


def happened(api: ApiStage, project: int, subject: str) -> None:
    with write_session(api.engine) as writing:
        incidents.report(writing, Incident(project, IncidentKind.FORGED_STATUS, subject, actor="mallory"), NOW)


def test_incidents_are_listed_and_closed(api: ApiStage) -> None:
    for project, subject in ((SHOP, "one"), (SHOP, "two"), (BANK, "three")):
        happened(api, project, subject)
    assert ids(api.get("/incidents")) == [2, 1]
    assert ids(api.get("/incidents", by="lead")) == [3, 2, 1]
    first = api.get("/incidents?limit=1", by="lead")
    assert ids(api.get(first.json()["next"], by="lead")) == [2]
    assert ids(api.get(f"/incidents?project={BANK}", by="lead")) == [3]
    assert api.get("/incidents/3").status_code == 404
    shown = api.get("/incidents/1").json()
    assert (shown["kind"], shown["severity"], shown["subject"], shown["closed_at"]) == (
        "forged_status",
        "high",
        "one",
        None,
    )
    said = {"reason": "a test of ours"}
    assert api.post("/incidents/1/closing", said).status_code == 403
    assert api.post("/incidents/1/closing", {"reason": ""}, by="lead").status_code == 422
    assert api.post("/incidents/9/closing", said, by="lead").status_code == 404
    closed = api.post("/incidents/1/closing", said, by="lead").json()
    assert (closed["closed_by"], closed["closed_reason"]) == ("lead", "a test of ours")
    assert api.post("/incidents/1/closing", said, by="admin").status_code == 409
    assert ids(api.get("/incidents")) == [2]
    assert ids(api.get("/incidents?closed=true")) == [2, 1]
    assert api.stage.actions() == ["project.incident_closed"]


@dataclass
class Meddling:
    """A doorman who takes so long to ask GitLab that somebody else judges the finding meanwhile."""

    inner: FakeDoorman
    meanwhile: Callable[[], object]

    def visitor(self, credentials: Credentials, now: datetime) -> Visitor | None:
        return self.inner.visitor(credentials, now)

    def confirm(self, principal: Principal, project_ids: Iterable[int]) -> Principal:
        self.meanwhile()
        return self.inner.confirm(principal, project_ids)


def test_if_match_is_checked_when_nobody_else_can_judge_any_more(api: ApiStage) -> None:
    tag = api.get("/findings/1").headers["etag"]
    api.entry.doorman = Meddling(
        api.doorman, lambda: api.stage.say(GRACE, TriageState.CONFIRMED, 1, reason="it is true")
    )
    late = api.post("/findings/1/decision", DISMISS, headers={"If-Match": tag})
    assert late.status_code == 412
    assert [event.actor for event in api.stage.history(1)] == ["grace"]
    assert api.stage.suppressed() == set()
    api.entry.doorman = api.doorman
    fresh = api.get("/findings/1").headers["etag"]
    assert api.post("/findings/1/decision", DISMISS, headers={"If-Match": fresh}).status_code == 200


def test_a_person_is_told_in_the_language_that_he_chose_and_a_program_in_english(api: ApiStage) -> None:
    chinese: dict[str, Any] = {}
    english: dict[str, Any] = {}
    for language, told in ((Language.CHINESE, chinese), (None, english)):
        api.doorman.language = language
        told["problem"] = api.post("/findings/1/decision", {"state": "dismissed", "reason": "x"}).json()
        told["hidden"] = api.get("/findings/1001").json()
        told["refused"] = api.post("/decisions", {**DISMISS, "findings": [1001]}).json()["refused"][0]
        told["role"] = api.get("/audit").json()
    assert (chinese["problem"]["detail"], chinese["problem"]["hint"][:8]) == ("驳回需要依据", "请从以下选一个：")
    assert (english["problem"]["detail"], english["problem"]["hint"][:12]) == (
        "dismissing needs a justification",
        "Give one of:",
    )
    assert (chinese["hidden"]["detail"], english["hidden"]["detail"]) == ("没有这个页面", "there is no such page")
    assert (chinese["refused"]["reason"], english["refused"]["reason"]) == (
        "没有这个发现项",
        "there is no such finding",
    )
    assert chinese["role"]["detail"] == "您的角色不包含：查看审计日志（read_audit）"
    assert english["role"]["detail"] == "your roles do not include: read_audit"
