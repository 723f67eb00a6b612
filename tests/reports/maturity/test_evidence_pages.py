"""Pages, tables and README of an evidence pack, with texts of strangers in them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.maturity.counters import COUNTERS
from bot.domain.maturity.evidence_pack import Manifest, PackedFile
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import PeriodKind, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.scoring import Answer, Assessment, assess, assess_many
from bot.domain.maturity.snapshot import ModelRef
from bot.model_files import shipped_models
from bot.reports.maturity.counter_words import is_translated
from bot.reports.maturity.evidence_index import (
    LevelFiles,
    PolicyFile,
    render_index,
    render_policies,
    render_readme,
)
from bot.reports.maturity.evidence_item import (
    COUNTED,
    KINDS,
    MOST_ON_A_PAGE,
    VALUES,
    Behind,
    DemandEvidence,
    LevelEvidence,
    OfProject,
    Word,
    render_level_csv,
    render_level_html,
)
from bot.reports.wording import words_in
from bot.texts import Language
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import SCANNED
from tests.reports.golden import assert_golden

OCTOBER = period_of(PeriodKind.MONTH, date(2026, 10, 1))
AT = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \u202egnp.exe\nline"
TOKEN = "glpat-" + "a1B2c3D4e5F6g7H8i9J0"
A = "a" * 64


def model() -> Model:
    return next(one for one in shipped_models() if one.id == "caict-ydt3763-6")


def results() -> tuple[Assessment, Assessment]:
    """One project's and the organisation's."""
    one = assess(model(), {**SCANNED, "projects.protected": 0, "projects.level_known": 1}, OCTOBER)
    return one, assess_many(model(), [one, assess(model(), {}, OCTOBER)])


def level(*, several: bool = True, projects: int = 2) -> LevelEvidence:
    """Configuration on level 3, for the organisation or one project."""
    item = next(one for one in model().items if one.id == "8.1")
    single, whole = results()
    rated = (whole if several else single).item("8.1")
    demands = []
    for demand in (one for one in item.demands if one.level == 3):
        result = next(one for one in rated.demands if one.demand_id == demand.id)
        of = next(one for one in single.item("8.1").demands if one.demand_id == demand.id)
        demands.append(
            DemandEvidence(
                demand,
                result,
                {"projects.protected": 0, "projects.level_known": 1},
                projects=tuple(OfProject(f"shop/p{n}", of, {"projects.level_known": 1}) for n in range(projects))
                if several
                else (),
                rows=(
                    Behind("settings", "main", AT, "not protected", "shop/p0"),
                    Behind("finding", f"#3 {HOSTILE} {TOKEN}", None, "critical", "shop/p1", "finding 3"),
                ),
                rows_of=1,
            )
        )
    word = worlds.attestation(text=f"We do it so.\n{HOSTILE}", file_name="=x.txt", file_digest=A, made_by="=ada")
    demands[0] = replace(
        demands[0], words=(Word(word, "group shop", "evidence/x-02.txt", as_rated=False),), words_lost=2
    )
    return LevelEvidence(model(), item, 3, rated, "the whole organisation", OCTOBER, A, tuple(demands))


def manifest(language: Language, scope: Scope = ORGANISATION) -> Manifest:
    return Manifest(
        scope,
        "",
        OCTOBER,
        language,
        ModelRef(model().id, model().version, model().digest),
        A,
        A,
        1,
        (),
        A,
        "0.1.0",
        (PackedFile("x", 1, A),),
    )


def body(page: bytes) -> str:
    return page.decode().partition("</head>")[2]


@pytest.mark.parametrize("language", Language)
def test_golden(language: Language) -> None:
    wording = words_in(language)
    name = f"evidence/{{}}.{language.value}.golden"
    assert_golden(name.format("item.html"), body(render_level_html(level(), wording, lambda path: path)))
    table = render_level_csv(level(), wording).decode("utf-8-sig")
    assert_golden(name.format("item.csv"), table.replace("\r\n", "\n"))
    readme = render_readme(manifest(language), model(), wording).decode()
    assert_golden(name.format("readme"), readme)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("several", [True, False])
def test_what_strangers_wrote_is_shown_and_does_nothing(language: Language, several: bool) -> None:
    wording = words_in(language)
    page = render_level_html(level(several=several), wording, lambda path: path).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    table = render_level_csv(level(several=several), wording).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(table)):
        assert len(row) == 10
        assert not any(cell.lstrip().startswith(("=", "+", "@")) for cell in row), row
    assert TOKEN not in page + table


def test_what_is_not_known_is_never_told_as_met() -> None:
    lines = list(csv.reader(io.StringIO(render_level_csv(level(), words_in(Language.ENGLISH)).decode("utf-8-sig"))))
    said = {line[1]: line[3] for line in lines if line[0] == "demand"}
    answers = {one.demand.id: one.result.answer for one in level().demands}
    assert said == {
        number: {Answer.MET: "met", Answer.UNMET: "not met", Answer.UNKNOWN: "not known"}[answer]
        for number, answer in answers.items()
    }
    assert "not known" in said.values()


def test_the_table_has_every_project_and_the_page_says_where_they_are() -> None:
    many = level(projects=MOST_ON_A_PAGE + 5)
    page = render_level_html(many, words_in(Language.ENGLISH), lambda path: path).decode()
    assert "5 more stand in the table beside this page." in page
    table = render_level_csv(many, words_in(Language.ENGLISH)).decode()
    assert table.count("\r\nproject,8.1-3-01,") == MOST_ON_A_PAGE + 5


def test_the_index_links_every_file_whatever_it_is_called() -> None:
    files = LevelFiles("8.1", 3, "f/a#b?c d.html", "f/a.csv", ("f/x.pdf",), 1, 4)
    _, whole = results()
    page = render_index(
        manifest(Language.ENGLISH), model(), whole, [files], ["README.txt"], words_in(Language.ENGLISH)
    ).decode()
    assert 'href="f/a%23b%3Fc%20d.html"' in page
    for name in ("f/a.csv", "f/x.pdf", "README.txt", "manifest.json", "manifest.dsse.json"):
        assert f'href="{name}"' in page
    assert "1 of 4" in page


def test_a_pack_of_one_project_does_not_speak_of_others() -> None:
    said = render_readme(manifest(Language.ENGLISH, Scope.of_project(5)), model(), words_in(Language.ENGLISH)).decode()
    assert "every project" not in said
    assert "mergewarden audit verify" not in said


def test_a_policy_without_its_text_is_listed_and_said_to_be() -> None:
    table = render_policies([PolicyFile(A, "", "", 3, 2, "")], words_in(Language.ENGLISH)).decode("utf-8-sig")
    assert table.splitlines()[1] == f"{A},,,3,2,its text is not kept any more"


def test_every_kind_and_word_of_evidence_has_words() -> None:
    wording = words_in(Language.CHINESE)
    for text in (*KINDS.values(), *VALUES.values(), *COUNTED.values()):
        assert wording.marked(text) != text, text


def test_what_counters_count_is_told_in_every_language() -> None:
    used = {name for measure in MEASURES.values() for name in measure.uses}
    assert [name for name in used if name not in COUNTED and not is_translated(name)] == []
    assert COUNTED.keys() <= COUNTERS.keys()
