"""A receipt's page and text: golden files, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import NO_ANSWER, ChangeCoverage, Content, CoveredFile, Look
from bot.domain.receipt import Receipt, ReceiptReason, receipt_of
from bot.reports.notes import render_summary_note
from bot.reports.receipt_page import print_receipt, render_receipt_html
from bot.texts import Language
from tests.domain.test_change_coverage import COVERAGES
from tests.reports import samples
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.reports.test_documents_for_people import check_page

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028]")
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


def text(shown: Receipt, language: Language, width: int = 120) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None, legacy_windows=False)
    print_receipt(shown, ID, KEY, console, language)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def without_release(page: str) -> str:
    return re.sub(r"<footer>Mergewarden [^<]*", "<footer>Mergewarden", page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_reads_as_agreed(language: Language) -> None:
    page = render_receipt_html(receipt(), ID, KEY, language)
    check_page(page)
    assert_golden(f"receipt.{SUFFIX[language]}.html", without_release(page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_reads_as_agreed(language: Language) -> None:
    assert_golden(f"receipt.{SUFFIX[language]}.txt", text(receipt(), language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_without_a_list_of_files_says_so(language: Language) -> None:
    for shown in (render_receipt_html(receipt(None), ID, KEY, language), text(receipt(None), language)):
        assert ("not recorded" if language is Language.ENGLISH else "未记录") in shown


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
    page = render_receipt_html(receipt(change=change), ID, KEY, Language.ENGLISH)
    assert page.count("<code>app/db.py</code>") == 1_000
    assert "507 more rows are not shown." in page


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
    page = render_receipt_html(hostile, ID, words, language)
    check_page(page)
    assert not CONTROLS.search(page)
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
