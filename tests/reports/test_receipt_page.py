"""A receipt's page at the desk, and its text: golden files, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from starlette.routing import Route

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import NO_ANSWER, ChangeCoverage, Content, CoveredFile, Look
from bot.domain.receipt import Receipt, ReceiptReason, receipt_of
from bot.reports.notes import render_summary_note
from bot.reports.receipt_page import print_receipt, receipt_page
from bot.reports.wording import words_in
from bot.texts import Language
from bot.web.contexts.rules import OneReceiptPage
from bot.web.desk import Desk
from tests.domain.test_change_coverage import COVERAGES
from tests.reports import samples
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.web.shown import CONTROLS, check_shown, content, shown

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
ID, KEY = "5e" * 32, "c0" * 32

READ, BOTH = (Look("sample-sast"),), (Look("sample-sast"), Look("sample-secrets"))
COVERAGE = ChangeCoverage(
    (
        CoveredFile(PurePosixPath("app/db.py"), None, ChangeKind.MODIFIED, Content.TEXT, "1" * 40, 12, 3, BOTH),
        CoveredFile(
            PurePosixPath("src/@all/`x`|/<img src=x>\n\u202egpj.py"),
            PurePosixPath("src/old.py"),
            ChangeKind.RENAMED,
            Content.TEXT,
            "2" * 40,
            1,
            1,
            (Look("sample-sast", ("parse_error",)), Look("sample-secrets", (NO_ANSWER, "too_large"))),
        ),
        CoveredFile(PurePosixPath("logo.png"), None, ChangeKind.ADDED, Content.BINARY, "3" * 40),
        CoveredFile(PurePosixPath("link"), None, ChangeKind.ADDED, Content.LINK, "4" * 40),
        CoveredFile(PurePosixPath("vendor"), None, ChangeKind.ADDED, Content.SUBMODULE, "5" * 40),
        CoveredFile(PurePosixPath("gone.py"), None, ChangeKind.DELETED, Content.GONE),
        CoveredFile(PurePosixPath("notes.xyz"), None, ChangeKind.COPIED, Content.TEXT, "6" * 40, 4, 1),
        CoveredFile(
            PurePosixPath("dump.sql"),
            None,
            ChangeKind.TYPE_CHANGED,
            Content.UNREAD,
            "7" * 40,
            looks=(Look("sample-sast", ("too_large",)),),
        ),
    ),
    omitted=3,
    omitted_incomplete=1,
)


def receipt(coverage: ChangeCoverage | None = COVERAGE, **more: object) -> Receipt:
    imported = replace(samples.RICH.runs[0], scanner="CodeQL-import", rules_digest="")
    subject = replace(samples.RICH.subject, base_sha="ab" * 20, head_sha="cd" * 20)
    report = replace(
        samples.RICH,
        subject=subject,
        runs=(*samples.RICH.runs, imported),
        decision=replace(samples.RICH.decision, suppressed=samples.SUPPRESSED.decision.suppressed),
        coverage=coverage,
    )
    made = receipt_of(
        report,
        project_id=5,
        scan_id="mr.5.7.1",
        at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
        version="0.1.0",
        decision_id=12,
        enforcement="L1",
    )
    return made.model_copy(update=more)


def page(receipt: Receipt, language: Language, key_id: str = KEY) -> str:
    """The desk's page about it."""
    read = receipt_page(receipt, ID, key_id, words_in(language))
    context = OneReceiptPage(read, f"/receipts/{ID}.json", "/projects/5/merge_requests/7")

    def routes(desk: Desk) -> list[Route]:
        return [Route("/", desk.entry.page(lambda visit: desk.frame.page(visit, "receipt.html", context)))]

    return shown("/", routes, language)


def text(receipt: Receipt, language: Language, width: int = 120) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None, legacy_windows=False)
    print_receipt(receipt, ID, KEY, console, language)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_reads_as_agreed(language: Language) -> None:
    html = page(receipt(), language)
    check_shown(html)
    assert_golden(f"receipt.{SUFFIX[language]}.html", content(html))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_reads_as_agreed(language: Language) -> None:
    assert_golden(f"receipt.{SUFFIX[language]}.txt", text(receipt(), language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_without_a_list_of_files_says_so(language: Language) -> None:
    for said in (page(receipt(None), language), text(receipt(None), language)):
        assert ("not recorded" if language is Language.ENGLISH else "未记录") in said


def test_what_was_not_read_comes_first() -> None:
    lines = text(receipt(), Language.ENGLISH).split("\n")
    places = [next(i for i, line in enumerate(lines) if name in line) for name in ("dump.sql", "app/db.py")]
    assert places == sorted(places)


def test_a_reason_of_a_later_release_is_shown_by_its_name() -> None:
    decision = receipt().decision.model_copy(update={"reasons": (ReceiptReason(code="solar_flare", count=1),)})
    assert "solar_flare" in text(receipt(decision=decision), Language.ENGLISH)


def test_a_long_list_ends_and_says_so() -> None:
    one = receipt().change.files[0]
    change = receipt().change.model_copy(update={"files": (one,) * 1_500, "omitted": 7})
    html = page(receipt(change=change), Language.ENGLISH)
    assert html.count("<code>app/db.py</code>") == 1_000
    assert "507 more rows are not shown." in html


@given(COVERAGES, nasty, st.sampled_from(Language))
def test_no_text_of_a_stranger_takes_effect(coverage: ChangeCoverage, words: str, language: Language) -> None:
    base = receipt(coverage)
    hostile = base.model_copy(
        update={
            "target_branch": words,
            "project": base.project.model_copy(update={"path": words}),
            "enforcement": words,
            "scanners": tuple(
                row.model_copy(update={"name": words, "version": words, "reason": words, "rules_digest": words})
                for row in base.scanners
            ),
            "decision": base.decision.model_copy(
                update={"policy_digest": words, "at": words, "reasons": (ReceiptReason(code=words, count=1),)}
            ),
        }
    )
    check_shown(page(hostile, language, words))
    assert not CONTROLS.search(text(hostile, language))


# --- in the summary of a merge request --------------------------------------------------------------------------------


def summary(**more: Any) -> str:
    return render_summary_note(
        samples.RICH,
        language=Language.ENGLISH,
        threads_shown=frozenset(),
        max_rows=5,
        lookup=samples.lookup,
        **more,
    )


def test_the_summary_links_to_the_receipt_or_names_it() -> None:
    url = f"https://gate.example.org/receipts/{ID}.html"
    assert f"[Signed receipt]({url})" in summary(receipt_id=ID, receipt_url=url)
    assert f"Signed receipt: `{ID}`" in summary(receipt_id=ID)


def test_the_summary_says_when_there_is_none_and_nothing_where_nobody_asked() -> None:
    assert "no receipt: it could not be signed" in summary(receipt_id="")
    assert "receipt" not in summary().lower()


def test_an_address_that_could_be_markup_becomes_no_link() -> None:
    text = summary(receipt_id=ID, receipt_url="https://gate.example.org/)[x](https://evil.example")
    assert "evil.example" not in text
    assert f"`{ID}`" in text
