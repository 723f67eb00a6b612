"""A finding's page at the desk: what it says, to whom, and what its forms do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from bot.domain.rule_sample import read_sample
from bot.domain.triage import TriageState
from bot.pipeline.finding_desk import samples
from bot.reports.code_view import Span, code_view
from bot.store import desk as store
from bot.store.engine import open_engine, write_session
from bot.texts import Language
from rules import catalog
from scanners.finding import Location, RelatedLocation
from tests.pipeline.desk_stage import DEV, NOW, Stage
from tests.store.counting import counted
from tests.store.known import FEATURE, add_finding, add_presence, add_word
from tests.store.samples import SAST
from tests.web.desk_browser import Browser

PAGE = "/projects/5/findings/1"
ODD = 50
UNTIL = (NOW + timedelta(days=20)).date().isoformat()
HOSTILE = "</td><script>alert(1)</script>\u202e"
SAMPLE = read_sample(
    "sql.py",
    "import db\n\n# ruleid: odd.rule\ndb.execute('... ' + name)\n\n# ok: odd.rule\ndb.execute('... ?', name)\n",
    "odd.rule",
)


@pytest.fixture
def stage(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Stage]:
    path = tmp_path / "x.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    made = Stage(engine, tmp_path).fill(3)
    with write_session(engine) as writing:
        finding = replace(
            SAST,
            rule_id="odd.rule",
            title=HOSTILE,
            message=f"Wrong: `{HOSTILE}`",
            remediation="Do not.",
            snippet=f"    run('{HOSTILE}')  # {HOSTILE}",
            location=Location(PurePosixPath(f"src/{HOSTILE}.py"), 7, 7, 5, 8),
            related=(RelatedLocation(Location(PurePosixPath("in.py"), 3, 3), HOSTILE),),
            references=("https://owasp.org/x", "javascript:alert(1)"),
            fingerprint="f" * 64,
        )
        add_finding(writing, ODD, finding)
        add_presence(writing, ODD)
        add_presence(writing, ODD, FEATURE, explanation="line map: was 5, now 7")
        add_word(writing, ODD, 1)
        store.refresh(writing, [ODD], seen=[ODD])
    yield made
    engine.dispose()


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage, samples=lambda _scanner, rule: (SAMPLE,) if rule == "odd.rule" else ())


def act(browser: Browser, word: str, who: str = "ada", **fields: str) -> str:
    return browser.after(browser.post(f"{PAGE}/act", {"act": word, **fields}, who), who)


def test_everything_that_is_known_is_on_the_page(browser: Browser) -> None:
    html = browser.get(f"/projects/5/findings/{ODD}").text
    for word in (
        "What is wrong", "How to fix", "How the data gets there", "in.py:3", "History", "First seen", "Priority",
        "Where it is, and why it is the same", "line map: was 5, now 7", "!7", "Who sees it", "Not safe", "Decide",
        "https://owasp.org/x", "CWE-89",
    ):  # fmt: skip
        assert word in html, word


def test_hostile_code_and_texts_are_text(browser: Browser) -> None:
    html = browser.get(f"/projects/5/findings/{ODD}").text
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "{U+202E}" in html
    assert 'href="javascript:' not in html


def test_code_is_coloured_by_classes_and_the_flagged_part_is_marked(browser: Browser) -> None:
    html = browser.get(f"/projects/5/findings/{ODD}").text
    code = html[html.index('<div class="code"') :].partition("</table>")[0]
    assert '<tr class="flagged"><td class="no">7</td>' in code
    assert "<mark>run</mark>" in code
    assert 'class="c"' in code
    assert "style=" not in code


def test_a_bad_and_a_good_example_of_the_rule_are_shown(browser: Browser) -> None:
    html = browser.get(f"/projects/5/findings/{ODD}").text
    assert html.index("Not safe") < html.index(">Safe<") or "Safe" in html
    assert html.count('<figure class="example') == 2


def test_rules_of_ours_bring_their_samples_and_unknown_ones_none(stage: Stage) -> None:
    known = next(rule for rule in catalog.rule_ids("semgrep") if rule.startswith("python-"))
    assert samples(stage.services, "semgrep", known)
    assert samples(stage.services, "semgrep", "no.such.rule") == ()
    assert samples(stage.services, "bandit", "B608") == ()


def test_a_finding_of_another_project_is_not_there(browser: Browser) -> None:
    for path in (
        "/projects/6/findings/1",
        "/projects/5/findings/1001",
        "/projects/5/findings/9999",
        "/projects/x/findings/1",
    ):
        assert browser.get(path, "root").status_code == 404, path
    answers = [browser.get(path) for path in ("/projects/6/findings/1001", "/projects/77/findings/1001")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "bank/core" not in answers[0].text


def test_a_token_reads_the_page_and_gets_no_forms(browser: Browser) -> None:
    answer = browser.get(PAGE, who="", Authorization="Bearer ada")
    assert answer.status_code == 200
    assert 'name="act"' not in answer.text
    assert browser.get(PAGE, who="", Authorization="Bearer wrong").status_code == 401


def test_deciding_is_a_form_that_comes_back_with_what_was_done(browser: Browser, stage: Stage) -> None:
    html = act(browser, "confirm", reason="Reachable.")
    assert "Confirmed: 1" in html
    assert "Reachable." in html
    assert stage.state(1) is TriageState.CONFIRMED
    html = act(browser, "dismiss", reason="Only tests.", justification="used_in_tests", until=UNTIL)
    assert "An exception is in force" in html
    assert stage.suppressed() == {1}
    assert "Open again: 1" in act(browser, "reopen", reason="It is used after all.")
    assert stage.state(1) is TriageState.DETECTED


def test_a_finding_is_snoozed_and_taken_on(browser: Browser) -> None:
    assert "snoozed until" in act(browser, "snooze", days="7")
    assert "Back into the list" in browser.get(PAGE).text
    assert "snoozed until" not in act(browser, "wake")
    assert "Assigned to you: 1" in act(browser, "claim")
    assert "<b>ada</b>" in browser.get(PAGE).text


def test_comments_are_plain_text_beneath_the_finding(browser: Browser) -> None:
    html = browser.after(browser.post(f"{PAGE}/comment", {"text": f"Look:\n{HOSTILE}"}))
    assert "The comment is there" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert "Nothing was changed" in browser.after(browser.post(f"{PAGE}/comment", {"text": " "}))


def test_a_request_is_approved_on_the_page(browser: Browser, stage: Stage) -> None:
    number = str(stage.dismiss(DEV, 1, reason="harmless").done[0].suppression_id)
    html = browser.get(PAGE).text
    assert "Waits for a second person" in html
    assert "harmless" in html
    form = {"suppression": number, f"reason-{number}": "Agreed.", "next": PAGE}
    assert "An exception is in force" in browser.after(browser.post("/triage/approve", form))


@pytest.mark.parametrize(
    ("who", "there", "missing"),
    [
        ("ada", ('value="confirm"', "/comment", "/issue"), ()),
        (
            "dev",
            ("Ask for an exception", "/comment"),
            ('value="confirm"', 'value="snooze"', "/issue", 'value="assign"'),
        ),
        ("viewer", (), ('name="act"', "/comment", "/issue")),
        ("auditor", (), ('name="act"', "/comment", "/issue")),
    ],
)
def test_only_what_somebody_may_do_is_offered(
    browser: Browser, who: str, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    html = browser.get(PAGE, who).text
    assert [word for word in there if word not in html] == []
    assert [word for word in missing if word in html] == []


def test_what_is_not_offered_is_refused_as_well(browser: Browser, stage: Stage) -> None:
    assert browser.post(f"{PAGE}/comment", {"text": "x"}, who="viewer").status_code == 403
    assert browser.post(f"{PAGE}/issue", {}, who="dev").status_code == 403
    assert "not possible: 1" in act(browser, "confirm", who="viewer", reason="x")
    for path in ("act", "comment", "issue"):
        assert browser.post(f"{PAGE}/{path}", {"act": "confirm", "text": "x"}, who="stranger").status_code in (403, 404)
        assert browser.post(f"/projects/5/findings/1001/{path}", {"act": "confirm", "text": "x"}).status_code == 404
    assert stage.state(1) is TriageState.DETECTED
    assert stage.state(1001) is TriageState.DETECTED


def test_one_goes_on_to_the_next_of_the_list_that_one_came_from(browser: Browser) -> None:
    listed = browser.get("/triage").text
    order = [int(number) for number in re.findall(r'id="row-(\d+)"', listed)]
    links = [link.replace("&amp;", "&") for link in re.findall(r'class="item-title" href="([^"]+)"', listed)]
    middle = browser.get(links[1]).text
    previous = re.search(r'rel="prev" data-key="k" href="([^"]+)"', middle)
    following = re.search(r'rel="next" data-key="j" href="([^"]+)"', middle)
    assert previous is not None
    assert following is not None
    assert f"/findings/{order[0]}?" in previous[1]
    assert f"/findings/{order[2]}?" in following[1]
    assert 'rel="prev"' not in browser.get(links[0]).text
    assert 'rel="next"' not in browser.get(links[-1]).text


@pytest.mark.parametrize("query", ["severity=purple", "after=x", "%00", "q=" + "x" * 5_000, "=&=&="])
def test_a_list_that_makes_no_sense_has_no_neighbours(browser: Browser, query: str) -> None:
    answer = browser.get(f"{PAGE}?list={query}")
    assert answer.status_code == 200


def test_links_lead_to_gitlab_and_nowhere_else(browser: Browser, stage: Stage) -> None:
    assert "/-/blob/" not in browser.get(PAGE).text
    stage.services.settings = stage.services.settings.model_copy(update={"gitlab_url": "https://gitlab.example.com"})
    html = browser.get(f"/projects/5/findings/{ODD}").text
    assert f'href="https://gitlab.example.com/shop/backend/-/blob/{"a" * 40}/' in html
    assert 'href="https://gitlab.example.com/shop/backend/-/tree/main"' in html


def test_the_number_of_statements_is_fixed(browser: Browser, stage: Stage) -> None:
    def count(path: str) -> int:
        with counted(stage.engine) as sent:
            assert browser.get(path).status_code == 200
        return len(sent)

    count(PAGE)
    few = count(f"{PAGE}?list=all")
    for word in ("one", "two", "three"):
        browser.post(f"{PAGE}/comment", {"text": word})
        act(browser, "confirm", reason=word)
        act(browser, "reopen", reason=word)
    assert count(f"{PAGE}?list=all") == few
    assert few <= 30


def test_the_page_speaks_chinese(stage: Stage) -> None:
    html = Browser(stage, Language.CHINESE).get(PAGE).text
    assert '<html lang="zh-CN"' in html
    assert "修复" in html


# --- the code ---------------------------------------------------------------------------------------------------------


def text_of(lines: object) -> str:
    return "\n".join("".join(piece.text for piece in line.pieces) for line in lines)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["a.py", "a.js", "a.go", "a.java", "Dockerfile", "a.tf", "a.html", "nothing", "a.\u202e", ""]
)
@pytest.mark.parametrize("text", ["x = 1", "\n\n", "'''", "a\n  b\n\nc", "/* open", "<b>\r\n</b>", "\t\tx\n\t\ty"])
def test_no_text_is_lost_or_made_up(name: str, text: str) -> None:
    lines = code_view(text, PurePosixPath(name), 10)
    assert [line.number for line in lines] == list(range(10, 10 + len(lines)))
    assert "".join(text_of(lines).split()) == "".join(text.split())


def test_an_indent_that_all_lines_share_is_taken_away_and_the_mark_goes_with_it() -> None:
    (line,) = code_view("        run(x)", PurePosixPath("a.py"), 3, Span(3, 3, 9, 12))
    assert [(piece.text, piece.marked) for piece in line.pieces if piece.marked] == [("run", True)]


@pytest.mark.parametrize("span", [Span(3, 3, 900, 901), Span(3, 3, 1, 1), Span(1, 2, 1, 5), Span(3, 9, 4, 2)])
def test_a_mark_beyond_the_line_marks_nothing_that_is_not_there(span: Span) -> None:
    (line,) = code_view("run(x)", PurePosixPath("a.py"), 3, span)
    assert "".join(piece.text for piece in line.pieces) == "run(x)"


def test_much_code_is_cut() -> None:
    lines = code_view("\n".join("x" * 10_000 for _ in range(1_000)), PurePosixPath("a.py"), 1)
    assert len(lines) == 40
    assert all(sum(len(piece.text) for piece in line.pieces) <= 500 for line in lines)
