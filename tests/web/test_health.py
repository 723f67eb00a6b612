"""Readiness says what is missing, and cannot be worn out."""

from __future__ import annotations

import asyncio
import threading

from bot.errors import Told
from bot.web.health import Readiness, ReadinessCheck
from tests.web.fakes import Site


def well() -> None:
    return None


def broken() -> str | None:
    raise ConnectionError("password=hunter2 refused")


def test_healthz_answers_as_long_as_the_process_does() -> None:
    site = Site(web_options={"checks": (ReadinessCheck("store", broken),)})
    answer = site.request("GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_is_well_when_every_check_is() -> None:
    site = Site(web_options={"checks": (ReadinessCheck("store", well), ReadinessCheck("scanners", well))})
    answer = site.request("GET", "/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert set(answer.json()["checks"]) == {"store", "scanners"}


def test_readyz_names_what_failed_and_only_that() -> None:
    checks = (ReadinessCheck("store", well), ReadinessCheck("workers", lambda: "no worker reported for 60 seconds"))
    answer = Site(web_options={"checks": checks}).request("GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {
            "store": {"ok": True, "problem": None},
            "workers": {"ok": False, "problem": "no worker reported for 60 seconds"},
        },
    }


def test_readyz_does_not_show_what_an_exception_says() -> None:
    answer = Site(web_options={"checks": (ReadinessCheck("store", broken),)}).request("GET", "/readyz")
    assert answer.status_code == 503
    assert "hunter2" not in answer.text
    assert "ConnectionError" in answer.json()["checks"]["store"]["problem"]


def test_a_check_that_hangs_is_reported_and_not_started_again() -> None:
    release = threading.Event()
    started = 0

    def hang() -> str | None:
        nonlocal started
        started += 1
        release.wait(20)
        return None

    async def ask() -> list[dict[str, Told | None]]:
        now = iter(range(0, 1000, 10))
        readiness = Readiness([ReadinessCheck("store", hang, seconds=0.02)], clock=lambda: next(now))
        answers = [await readiness.problems() for _ in range(4)]
        release.set()
        for _ in range(100):
            await asyncio.sleep(0.01)
            answers.append(await readiness.problems())
            if answers[-1]["store"] is None:
                break
        return answers

    answers = asyncio.run(ask())
    assert answers[0] == {"store": "no answer within 0.02 seconds"}
    assert answers[3] == answers[0]
    assert answers[-1] == {"store": None}
    assert started == 1


def test_a_flood_of_questions_asks_the_checks_once_a_second() -> None:
    asked = 0

    def count() -> str | None:
        nonlocal asked
        asked += 1
        return None

    async def flood() -> None:
        time = 0.0
        readiness = Readiness([ReadinessCheck("store", count)], clock=lambda: time)
        await asyncio.gather(*(readiness.problems() for _ in range(50)))
        time = 2.0
        await readiness.problems()

    asyncio.run(flood())
    assert asked == 2
