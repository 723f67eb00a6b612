"""
How soon a webhook is answered under load, and whether anything that was answered is lost.

A hundred deliveries a second for thirty seconds: real bodies, signed, of open merge requests of two projects. The
worker works on what they ask for meanwhile, and GitLab's stand-in and the sender share the two cores with everything.
"""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from tests.benchmarks.bench import stage_with_advisories
from tests.benchmarks.figures import Figure, quantile
from tests.benchmarks.processes import Others
from tests.e2e.stage import HOOK, Stage, Story
from tests.standin import MergeRequest, payloads
from tests.standin.delivery import signature

RATE = 100
SECONDS = 30
_WARM_UP = 50
_REQUESTS = 20
"""Open merge requests of each project."""
_LONGEST_ANSWER = 0.050

# Of a hundred deliveries: what merge requests see on an ordinary day, with more pushes than usual.
_MIX = {"push to it": 45, "label": 20, "push to branch": 15, "retarget": 5, "ready": 5, "reopen": 5, "sent again": 5}
_ASK = frozenset({"push to it", "retarget", "ready", "reopen"})


@dataclass(frozen=True)
class Planned:
    """One delivery."""

    kind: str
    key: str
    event: str
    body: bytes


def measure(console: Console) -> list[Figure]:
    token = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with stage_with_advisories(WEBHOOK_SIGNING_TOKEN=token) as stage:
        stories = [stage.story(f"benchmark/busy-{n}", {"app.py": "x = 1\n"}, hook=False) for n in range(2)]
        requests = [
            (story, story.open({f"module_{n}.py": f"y = {n}\n"}, f"change-{n}"))
            for story in stories
            for n in range(_REQUESTS)
        ]
        planned = list(_plan(stage, requests, RATE * SECONDS + _WARM_UP))
        with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as name:
            others = Others()
            answers = _send(Path(name), stage, token, planned)
            share = others.share()
        time.sleep(1.0)
        stored, jobs = _stored(stage)
    counted = list(zip(planned, answers, strict=True))[_WARM_UP:]
    seconds = [answer[1] for _, answer in counted]
    late = [answer[0] for _, answer in counted]
    p99 = quantile(seconds, 0.99)
    statuses = Counter(answer[2] for _, answer in counted)
    shown = ", ".join(f"{name} {quantile(seconds, share) * 1000:.1f}" for name, share in (("p50", 0.5), ("p95", 0.95)))
    console.print(
        f"  {len(counted)} deliveries: {shown}, p99 {p99 * 1000:.1f}, longest {max(seconds) * 1000:.1f} ms; statuses "
        f"{dict(statuses)}; sent late by {quantile(late, 0.99) * 1000:.1f} ms (p99)"
    )
    lost = [plan for plan, answer in zip(planned, answers, strict=True) if _is_lost(plan, answer, stored, jobs)]
    for plan in lost[:5]:
        console.print(f"  lost: {plan.kind} {plan.key} {stored.get(f'id:{plan.key}')}")
    asked = sum(plan.kind in _ASK for plan in planned)
    return [
        Figure(
            "webhook answer, p99 at 100 a second for 30 s",
            f"{p99 * 1000:.1f} ms",
            "below 50 ms",
            p99 < _LONGEST_ANSWER and min(statuses) >= 200 and max(statuses) < 300,
            f"p50 {quantile(seconds, 0.5) * 1000:.1f} ms, longest {max(seconds) * 1000:.0f} ms; "
            f"other programs used {share:.0%} of the machine",
        ),
        Figure(
            "deliveries lost", f"{len(lost)}", "none", not lost, f"{asked} asked for a job, {len(jobs)} jobs stored"
        ),
    ]


def _plan(stage: Stage, requests: list[tuple[Story, MergeRequest]], count: int) -> Iterator[Planned]:
    random = Random(40)
    world = stage.gitlab.world
    sent: list[Planned] = []
    for number in range(count):
        story, request = random.choice(requests)
        # In the beginning every merge request is opened, so that the bot knows it.
        kind = random.choices(list(_MIX), list(_MIX.values()))[0] if number >= len(requests) else "push to it"
        if kind == "sent again":
            again = random.choice(sent[-200:])
            yield Planned(kind, again.key, again.event, again.body)
            continue
        body: dict[str, Any]
        changes: dict[str, Any]
        sha, before = random.randbytes(20).hex(), random.randbytes(20).hex()
        event = "Merge Request Hook"
        match kind:
            case "push to it":
                body = payloads.merge_request(world, request, stage.ada, "update", oldrev=before)
                body["object_attributes"]["last_commit"]["id"] = sha
            case "label":
                changes = {"labels": {"previous": [], "current": [{"id": number, "title": f"label {number}"}]}}
                body = payloads.merge_request(world, request, stage.linus, "update", changes=changes)
            case "retarget":
                changes = {"target_branch": {"previous": "next", "current": "main"}}
                body = payloads.merge_request(world, request, stage.ada, "update", changes=changes)
            case "ready":
                changes = {"draft": {"previous": True, "current": False}}
                body = payloads.merge_request(world, request, stage.ada, "update", changes=changes)
            case "reopen":
                body = payloads.merge_request(world, request, stage.grace, "reopen")
            case _:
                ref = f"refs/heads/{request.source_branch}"
                event = "Push Hook"
                body = payloads.push(world, story.project, stage.ada, ref, "0" * 40, request.head_sha)
                body |= {"before": before, "after": sha, "checkout_sha": sha}
        made = Planned(kind, str(uuid.UUID(int=random.getrandbits(128))), event, json.dumps(body).encode())
        sent.append(made)
        yield made


def _send(folder: Path, stage: Stage, token: str, planned: list[Planned]) -> list[tuple[float, float, int, str]]:
    """First some to warm up, one at a time, then all at the rate."""
    stamp = str(int(time.time()))
    lines = []
    for number, plan in enumerate(planned):
        at = number * 0.05 if number < _WARM_UP else _WARM_UP * 0.05 + 0.5 + (number - _WARM_UP) / RATE
        head = "\r\n".join(
            (
                f"POST {HOOK} HTTP/1.1",
                f"Host: 127.0.0.1:{stage.bot.port}",
                "Content-Type: application/json",
                "User-Agent: GitLab/19.4.1",
                f"X-Gitlab-Event: {plan.event}",
                f"X-Gitlab-Token: {stage.bot.secret}",
                f"Idempotency-Key: {plan.key}",
                f"webhook-id: {plan.key}",
                f"webhook-timestamp: {stamp}",
                f"webhook-signature: {signature(token, plan.key, stamp, plan.body)}",
                f"Content-Length: {len(plan.body)}",
                "Connection: close",
            )
        )
        lines.append(json.dumps([at, f"{head}\r\n\r\n{plan.body.decode()}"]))
    plan_file, result = folder / "plan", folder / "result"
    plan_file.write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "tests.benchmarks.sender", str(stage.bot.port), str(plan_file), str(result)]
    subprocess.run(command, check=True, timeout=SECONDS + 120)
    return [tuple(json.loads(line)) for line in result.read_text("utf-8").splitlines()]


def _stored(stage: Stage) -> tuple[dict[str, str | None], set[str]]:
    """Job id by delivery key, and the ids of all jobs, as they are in the store."""
    with closing(sqlite3.connect(stage.bot.log.parent / "mergewarden.db")) as database:
        deliveries = dict(database.execute("SELECT key, job_id FROM delivery").fetchall())
        jobs = {row[0] for row in database.execute("SELECT workflow_uuid FROM workflow_status").fetchall()}
    return deliveries, jobs


def _is_lost(
    plan: Planned, answer: tuple[float, float, int, str], stored: dict[str, str | None], jobs: set[str]
) -> bool:
    """Whether something was asked for and there is no job for it, or a job was promised that is not there."""
    if answer[2] // 100 != 2:
        return True
    promised = json.loads(answer[3]).get("jobs", [])
    if not jobs.issuperset(promised):
        return True
    return plan.kind in _ASK and stored.get(f"id:{plan.key}") not in jobs
