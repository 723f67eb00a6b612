"""GitLab that fails, at every place where we need it: the end is right, or red and said, and nothing is there twice."""

from __future__ import annotations

import pytest

from tests.pipeline.workshop import Workshop
from tests.standin import Fault, Response, rate_limited
from tests.standin.faults import (
    BAD_GATEWAY,
    FORBIDDEN,
    LOCKED,
    NOT_FOUND,
    RATE_LIMITED_ENDPOINT,
    SERVER_ERROR,
    UNAUTHORIZED,
)

FLAGGED = {"a.py": "flag\n", "b.py": "flag\n", "c.py": "flag\n"}
WHOLE = ("failed", 3, 3, 1)

PLACES = {
    "read merge request": ("GET", r"/merge_requests/\d+$"),
    "read project": ("GET", r"/projects/\d+$"),
    "post status": ("POST", r"/statuses/"),
    "read statuses": ("GET", r"/statuses"),
    "post discussion": ("POST", r"/discussions$"),
    "post summary": ("POST", r"/notes$"),
    "list discussions": ("GET", r"/discussions$"),
    "fetch refs": ("GET", r"/info/refs$"),
    "fetch objects": ("POST", r"/git-upload-pack$"),
}
PASSING = {
    "409": Fault(LOCKED),
    "429 of the endpoint": Fault(RATE_LIMITED_ENDPOINT),
    "429 of the instance": Fault(rate_limited(1)),
    "500": Fault(SERVER_ERROR),
    "502 page": Fault(BAD_GATEWAY),
    "cut": Fault(action="reset"),
    "done, then cut": Fault(action="handle_then_reset"),
    "no answer": Fault(action="hang"),
    "200 with nonsense": Fault(Response(200, "<html>maintenance</html>", {"content-type": "text/html"})),
}
_NOT_GITS = ("409", "200 with nonsense", "no answer")
"""What git does not meet, or waits for too long for a test."""
LASTING = [
    ("read merge request", UNAUTHORIZED),
    ("read merge request", NOT_FOUND),
    ("read project", FORBIDDEN),
    ("post status", FORBIDDEN),
    ("post status", SERVER_ERROR),
    ("read statuses", BAD_GATEWAY),
    ("post discussion", UNAUTHORIZED),
    ("post discussion", SERVER_ERROR),
    ("post summary", FORBIDDEN),
    ("list discussions", NOT_FOUND),
    ("fetch refs", UNAUTHORIZED),
    ("fetch refs", NOT_FOUND),
    ("fetch objects", BAD_GATEWAY),
]


@pytest.mark.parametrize("fault", PASSING)
def test_fault_that_passes_leaves_no_trace(workshop: Workshop, fault: str) -> None:
    """Every place fails once, in one job."""
    request = workshop.open(FLAGGED)
    for place, (method, path) in PLACES.items():
        if fault in _NOT_GITS and place.startswith("fetch"):
            continue
        workshop.gitlab.faults.add(method, path, PASSING[fault])
    workshop.scan(request)
    assert workshop.gitlab.faults.left == 0
    assert workshop.shown(request) == WHOLE


@pytest.mark.parametrize(("place", "fault"), LASTING, ids=[f"{place} {fault.status}" for place, fault in LASTING])
def test_fault_that_lasts_never_passes_and_is_mended_afterwards(
    workshop: Workshop, place: str, fault: Response
) -> None:
    request = workshop.open(FLAGGED)
    method, path = PLACES[place]
    workshop.gitlab.faults.add(method, path, fault, times=1000)
    workshop.scan(request)
    assert workshop.state(request) in ("none", "running", "failed")
    workshop.gitlab.faults.clear()
    assert workshop.scan(request) == "failed"
    assert workshop.shown(request) == WHOLE


def test_one_refused_thread_does_not_lose_the_others(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    workshop.gitlab.faults.add(
        "POST",
        r"/discussions$",
        Response(403, {"message": "403 Forbidden"}),
        times=1000,
        when=lambda p: "b.py" in str(p),
    )
    workshop.scan(request)
    assert {t.notes[0].position["new_path"] for t in workshop.threads(request) if t.notes[0].position} == {
        "a.py",
        "c.py",
    }
    assert workshop.state(request) == "failed"
