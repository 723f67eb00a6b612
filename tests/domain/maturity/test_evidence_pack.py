"""Names that every file system takes, and manifests that name what was changed."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity import evidence_pack as packs
from bot.domain.maturity.evidence_pack import Manifest, Names, PackedFile, PackError
from bot.domain.maturity.period import PeriodKind, period_of
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import ModelRef
from bot.model_files import shipped_models
from bot.texts import Language

A, B = "a" * 64, "b" * 64
MANIFEST = Manifest(
    scope=Scope.of_project(5),
    path="shop/web",
    period=period_of(PeriodKind.MONTH, date(2026, 10, 1)),
    language=Language.CHINESE,
    model=ModelRef("small", "1", A),
    snapshot=A,
    content=B,
    revision=2,
    earlier=(B,),
    summary=A,
    mergewarden="0.1.0",
    files=(PackedFile("a.txt", 3, A), PackedFile("佐证材料/b.txt", 4, B)),
)


@given(st.text())
def test_every_text_becomes_a_name_that_every_file_system_takes(text: str) -> None:
    name = packs.safe_name(text, "item")
    assert 1 <= len(name.encode("utf-8")) <= 151
    assert not set(name) & set('<>:"/\\|?*%')
    assert not any(unicodedata.category(one).startswith("C") for one in name)
    assert unicodedata.is_normalized("NFC", name)
    assert name == name.strip(". ")
    assert packs.safe_name(name, "item") == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("a\u202egnp.exe", "a_gnp.exe"),
        ("  ..  ", "item"),
        ("e\u0301", "é"),
        ("构建 / 部署", "构建_部署"),
    ],
)
def test_names_that_would_do_harm_do_none(text: str, name: str) -> None:
    assert packs.safe_name(text, "item") == name


def test_no_two_files_have_one_name_on_any_system() -> None:
    names = Names()
    assert [names.unique("f", stem, ".csv") for stem in ("A", "a", "a(2)")] == [
        "f/A.csv",
        "f/a(2).csv",
        "f/a(2)(2).csv",
    ]


@pytest.mark.parametrize("language", Language)
def test_every_shipped_item_has_files_of_its_own(language: Language) -> None:
    for model in shipped_models():
        stems = [packs.item_stem(model, item, language) for item in model.items]
        assert len({stem.casefold() for stem in stems}) == len(stems), model.id


def test_a_manifest_is_read_as_it_was_written() -> None:
    raw = MANIFEST.to_bytes()
    assert packs.read_manifest(raw) == MANIFEST
    assert packs.signed_digest(packs.statement_of(MANIFEST, A)) == A


def test_every_change_is_named() -> None:
    first, second = MANIFEST.files
    assert packs.differences(MANIFEST, MANIFEST.files) == ()
    assert packs.differences(MANIFEST, [first]) == ("佐证材料/b.txt is missing",)
    assert packs.differences(MANIFEST, [first, replace(second, sha256=A)]) == (
        "佐证材料/b.txt was changed: it is not what the manifest says",
    )
    assert packs.differences(MANIFEST, [first, second, PackedFile("x", 0, A)]) == (
        "x was added: the manifest does not name it",
    )
    assert packs.differences(MANIFEST, [first, first, second]) == ("a.txt is there twice",)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.one_of(st.binary(max_size=60), _JSON.map(lambda one: json.dumps(one).encode())))
def test_rubbish_is_refused_and_nothing_else_happens(raw: bytes) -> None:
    for read in (packs.read_manifest, packs.signed_digest):
        with pytest.raises(PackError):
            read(raw)


@given(st.sampled_from(["scope", "period", "model", "snapshot", "files", "language", "summary", "mergewarden"]), _JSON)
def test_a_manifest_with_something_else_in_it_is_refused_or_read(name: str, value: object) -> None:
    document = json.loads(MANIFEST.to_bytes())
    try:
        packs.read_manifest(json.dumps({**document, name: value}).encode())
    except PackError as error:
        hint = error.hint
    else:
        return
    assert hint
