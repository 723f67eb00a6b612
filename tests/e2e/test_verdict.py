"""From an opened merge request to a verdict, and to green after the fix."""

from __future__ import annotations

import pytest

from tests.e2e.samples import CLEAN, SAFE_LOAD, UNSAFE_LOAD, access_key, with_key
from tests.e2e.stage import Stage
from tests.standin import ApiError

LONG = CLEAN + "".join(f"\n\ndef step_{n}():\n    return {n}\n" for n in range(20))
FETCH = (
    """\
import requests
from flask import Flask, request

app = Flask(__name__)


@app.get("/picture")
def picture():
    address = %s
"""
    + "".join(f"    step({n})\n" for n in range(30))
    + "    return requests.get(address, timeout=5).content\n"
)
"""The line that is flagged is not the line that is edited."""
LOAD = "\n\ndef load(text):\n    return yaml.load(text, Loader=yaml.Loader)\n"


def test_merge_request_is_blocked_and_turns_green_after_the_fix(stage: Stage) -> None:
    story = stage.story("verdict/whole", {"shop/orders.py": CLEAN, "requirements.txt": "requests==2.32.3\n"})
    key = access_key()
    request = story.judged(
        {"shop/load.py": UNSAFE_LOAD, "shop/key.py": with_key(key), "requirements.txt": "requests==2.19.0\n"}
    )
    assert story.places(request) == [
        ("requirements.txt", None, 1),
        ("shop/key.py", None, 1),
        ("shop/load.py", None, 5),
    ]
    assert key not in story.texts(request)
    assert len(story.summaries(request)) == 1
    with pytest.raises(ApiError):
        story.gitlab.merge(request, by=stage.grace)

    fix: dict[str, str] = {"shop/load.py": SAFE_LOAD, "shop/key.py": "", "requirements.txt": "requests==2.32.3\n"}
    leak = request.head_sha
    story.mend(request, {**fix}, "failed")
    # The key is out of the head and stays in the first commit: one thread goes on, and says so.
    (left,) = story.threads(request, resolved=False)
    assert f"In commit `{leak[:12]}`, removed since: rotate it" in left.notes[0].body
    assert key not in story.texts(request)

    story.branch({**fix}, start="main")
    assert story.verdict(request).state == "success"
    assert story.threads(request, resolved=False) == []
    assert len(story.summaries(request)) == 1
    story.gitlab.merge(request, by=stage.grace)
    story.harmless()


@pytest.mark.parametrize(
    ("before", "change", "place"),
    [
        pytest.param(
            {"a.py": "import yaml\n"},
            {"a.py": "import yaml\n\n\ndef load(text):\n    return yaml.load(text, Loader=yaml.Loader)\n"},
            ("a.py", None, 5),
            id="added line",
        ),
        pytest.param(
            {"a.py": FETCH % '"https://example.com/"'},
            {"a.py": FETCH % 'request.args["address"]'},
            ("a.py", FETCH.count("\n"), FETCH.count("\n")),
            id="unchanged line far from any hunk",
        ),
        pytest.param(
            {"old.py": "import yaml\n" + LONG},
            {"old.py": None, "new/name.py": "import yaml\n" + LONG + LOAD},
            ("new/name.py", None, ("import yaml\n" + LONG + LOAD).count("\n")),
            id="renamed file",
        ),
        pytest.param({"a.py": "x = 1\n"}, {"b/c.py": UNSAFE_LOAD}, ("b/c.py", None, 5), id="new file"),
    ],
)
def test_comment_stands_on_the_line(
    stage: Stage, before: dict[str, str], change: dict[str, str | None], place: tuple[str, int | None, int]
) -> None:
    story = stage.story("verdict/place", before)
    request = story.judged(change)
    # More than one weakness may be there.
    assert set(story.places(request)) == {place}
    assert story.threads(request)[0].notes[0].type == "DiffNote"


def test_texts_are_chinese_where_the_policy_says_so_for_the_project(stage: Stage) -> None:
    story = stage.story("chinese/shop")
    request = story.judged({"load.py": UNSAFE_LOAD})
    assert "使用可创建任意 Python 对象的 YAML 加载器" in story.texts(request)
    status = story.gitlab.statuses(request, "mergewarden")[-1]
    for text in (story.summary(request), status.description or ""):
        assert any("一" <= letter <= "鿿" for letter in text), text


def test_suggestion_is_offered_where_the_fix_is_certain_and_applying_it_turns_green(stage: Stage) -> None:
    story = stage.story("verdict/suggestion")
    request = story.judged({"load.py": UNSAFE_LOAD})
    (suggestion,) = story.threads(request)[0].notes[0].suggestions
    assert suggestion.to_content == "    return yaml.safe_load(text)\n"
    story.gitlab.world.apply_suggestion(suggestion.id, stage.ada)
    assert story.verdict(request).state == "success"
    assert story.project.repository.blob(request.head_sha, "load.py") == SAFE_LOAD.encode()


def test_no_suggestion_where_two_findings_share_the_line(stage: Stage) -> None:
    story = stage.story("verdict/crowded")
    crowded = UNSAFE_LOAD.replace("return yaml", "return yaml.load(text, Loader=yaml.UnsafeLoader), yaml")
    request = story.judged({"load.py": crowded})
    assert len(story.threads(request)) > 1
    assert [s for thread in story.threads(request) for s in thread.notes[0].suggestions] == []


def test_more_findings_than_threads_are_in_the_summary(stage: Stage) -> None:
    story = stage.story("verdict/many")
    many = "import yaml\n" + "".join(
        f"\n\ndef load_{n}(text):\n    return yaml.load(text, Loader=yaml.Loader), {n}\n" for n in range(25)
    )
    request = story.judged({"many.py": many})
    assert len(story.threads(request)) == 20
    listed = [n for n in range(25) if f"many.py:{5 + 4 * n}`" in story.summary(request)]
    shown = {place[2] for place in story.places(request)}
    assert len(listed) == 5
    assert shown.isdisjoint(5 + 4 * n for n in listed)
    story.mend(request, {"many.py": many.replace("yaml.load(text, Loader=yaml.Loader)", "yaml.safe_load(text)")})
    assert story.threads(request, resolved=False) == []
    assert len(story.summaries(request)) == 1
