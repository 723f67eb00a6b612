"""Files with models: what is read, what is refused with its line and how to mend it, and digests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.domain.maturity.model import Attest, Model, Probe, Scheme
from bot.domain.maturity.model_file import MAX_BYTES, ModelError, load_model, model_from_json, model_to_json
from bot.domain.maturity.model_format import EXAMPLES, SECTIONS, ModelFile
from bot.domain.maturity.model_schema import SCHEMA_FILE, schema_text
from bot.model_files import MAX_FILES, models_in_force, read_model_file, read_models, shipped_models
from tests.domain.maturity.worlds import models
from tests.examples import examples

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "maturity.md"
SCHEMA = Draft202012Validator(json.loads(schema_text()))

SMALL = """\
format: 1
id: ours
version: "1"
title: {en: Ours, zh: 我们的}
source: handbook
scheme: levels
levels:
  - number: 1
    name: {en: One, zh: 一}
    gloss: {en: First., zh: 第一。}
  - number: 2
    name: {en: Two, zh: 二}
    gloss: {en: Second., zh: 第二。}
areas:
  - id: a
    title: {en: Area, zh: 领域}
    items:
      - id: a.1
        title: {en: Item, zh: 项}
        description: {en: About., zh: 说明。}
        ceiling: 1
        demands:
          - id: a.1-1
            level: 1
            kind: practice
            text: {en: Scan., zh: 扫描。}
            advice: {en: Do., zh: 做。}
            probe: {measure: sast, threshold: 1}
          - id: a.1-2
            level: 2
            kind: outcome
            text: {en: Attest., zh: 证明。}
            advice: {en: Do., zh: 做。}
            attest: {valid_days: 30}
"""
PROBE = "probe: {measure: sast, threshold: 1}"


def load(text: str) -> Model:
    return load_model(text.encode(), "ours.yaml")


def wrong(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ModelError) as caught:
        load(text)
    return [(problem.line, problem.text, problem.hint) for problem in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_file_is_read_as_it_is_written() -> None:
    model = load(SMALL)
    assert (model.id, model.version, model.scheme, model.highest) == ("ours", "1", Scheme.LEVELS, 2)
    (item,) = model.items
    first, second = item.demands
    assert first.asks == Probe("sast", 1.0)
    assert second.asks == Attest(30, second_person=True)
    assert (first.weight, first.effort, first.share, item.ceiling) == (1, 3, 1.0, 1)
    assert model.title.zh == "我们的"


def test_ids_and_versions_stay_the_text_that_was_written() -> None:
    model = load(SMALL.replace('version: "1"', "version: 1.10").replace("id: a.1\n", "id: 6.10\n"))
    assert model.version == "1.10"
    assert [item.id for item in model.items] == ["6.10"]


@pytest.mark.parametrize(
    ("old", "new", "said", "mend"),
    [
        ("format: 1\n", "format: 2\n", "format: '2' is not known, this is version 1", "format: 1"),
        ("format: 1\n", "", "format is missing", "format: 1"),
        ("id: ours", "id: Our Own", "'Our Own' is not a model's id", ""),
        ("scheme: levels", "scheme: stars", "write levels, answers or points", "scheme: levels"),
        ("scheme: levels", "scheme: points", "a model of points has no levels", "remove them"),
        ("number: 2", "number: 3", "3 stands where 2 is expected", "1, 2, 3"),
        ("number: 2", "number: two", "a whole number is expected, not 'two'", "number: 1"),
        ("zh: 我们的", "zh: ", "title.zh: a text is expected, not nothing", "zh:"),
        (", zh: 我们的", "", "title.zh is missing", "zh:"),
        ("zh: 我们的", "zh: ' '", "it is empty", "zh:"),
        ("en: Ours", 'en: "a\\u202eb"', "readable characters", "en:"),
        ("ceiling: 1", "ceiling: 3", "the ceiling 3 is no level of this model", "the levels are 1 to 2"),
        ("level: 2", "level: 3", "demand a.1-2: there is no level 3", "the levels are 1 to 2"),
        ("id: a.1-2", "id: a.1-1", "the demand a.1-1 is on line", "an id of its own"),
        ("kind: practice", "kind: good", "'good' is not a kind", "kind: practice"),
        ("measure: sast", "measure: sats", "there is no figure 'sats'", "did you mean sast?"),
        ("measure: sast", "measure: what_nobody_counts", "there is no figure", "maturity measures"),
        ("measure: sast", "measure: escape_rate", "cannot be asked for", "'escapes'"),
        ("threshold: 1}", "threshold: 80}", "is a share from 0 to 1, 80 is not on that scale", "0.8 for 80 %"),
        ("threshold: 1}", "threshold: 0}", "every value reaches 0", "ask for something"),
        ("threshold: 1}", "threshold: -1}", "'-1' is not a number such as 3 or 0.8", "threshold: 0.8"),
        ("threshold: 1}", "threshold: .nan}", "is not a number", "threshold: 0.8"),
        ("threshold: 1}", "threshold: 1e9}", "is not a number", "threshold: 0.8"),
        ("threshold: 1}", "threshold: 1, strict: true}", "nothing is more than 1", "leave out strict"),
        (PROBE, "probe: {measure: open_high, threshold: 0, strict: true}", "nothing is less than 0", "leave out"),
        (PROBE, "probe: {measure: reopen_rate, threshold: 1}", "every value reaches 1", "ask for something"),
        ("threshold: 1}", "threshold: 0.5, steps: [{at: 0.6, credit: 0.5}]}", "towards the threshold 0.5", "easiest"),
        (PROBE, "probe: {measure: open_high, threshold: 3, steps: [{at: 2, credit: 0.5}]}", "each lower", "easiest"),
        ("threshold: 1}", "threshold: 1, steps: [{at: 0.5, credit: 1}]}", "rise between 0 and 1", "steps:"),
        (
            "threshold: 1}",
            "threshold: 1, steps: [{at: 0.5, credit: 0.5}, {at: 0.7, credit: 0.5}]}",
            "rise between 0 and 1",
            "steps:",
        ),
        (PROBE, "effort: 2", "one of probe and attest is expected", "for people"),
        (PROBE, PROBE + "\n            attest: {}", "not both", "for people"),
        ("attest: {valid_days: 30}", PROBE, "above the item's ceiling 1", "raise the ceiling"),
        (PROBE, PROBE + "\n            share: 0", "the share 0 is not above 0", "share: 0.8"),
        (PROBE, PROBE + "\n            share: 1.5", "the share 1.5 is not above 0 and at most 1", "share: 0.8"),
        (PROBE, PROBE + "\n            weight: 0", "weight: input should be greater than or equal to 1", "weight: 2"),
        (PROBE, PROBE + "\n            effort: 6", "effort: input should be less than or equal to 5", "effort: 2"),
        (PROBE, PROBE + "\n            wieght: 2", "'wieght' is no key here", "did you mean weight?"),
        ("ceiling: 1", "ceiling: 1\n        evidence: ../../etc", "start of a file's name", "evidence:"),
        ("valid_days: 30", "valid_days: 0", "valid_days: input should be greater than or equal to 1", "valid_days"),
        ("source: handbook", "source: handbook\nsource: other", "stands here for the second time", "keep one"),
        ("source: handbook", "source: &x handbook", "anchors and aliases", ""),
        ("source: handbook", "source: !!python/name:os.system x", "tags (!) are not allowed", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_how_to_mend_it(old: str, new: str, said: str, mend: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    found = wrong(text)
    assert any(said in problem and mend in hint for _, problem, hint in found), found
    changed = next(n for n, (a, b) in enumerate(zip(SMALL.split("\n"), text.split("\n"), strict=False), 1) if a != b)
    # What is missing is missed where it should stand.
    assert all(abs(line - changed) <= 6 or "missing" in problem for line, problem, _ in found), found


def test_every_problem_is_told_at_once() -> None:
    text = (
        SMALL.replace("measure: sast", "measure: sats")
        .replace("level: 2", "level: 7")
        .replace("ceiling: 1", "ceiling: 9")
    )
    lines = {line for line, _, _ in wrong(text)}
    assert lines == {line_of(text, "sats"), line_of(text, "level: 7"), line_of(text, "ceiling: 9")}
    with pytest.raises(ModelError) as caught:
        load(text)
    assert [part.split(": ")[0] for part in str(caught.value).split("\n")] == [f"ours.yaml:{n}" for n in sorted(lines)]


def test_a_figure_that_does_not_exist_is_told_although_something_else_cannot_be_read() -> None:
    text = SMALL.replace("measure: sast", "measure: sats").replace("kind: outcome", "kind: 7")
    said = " ".join(problem for _, problem, _ in wrong(text))
    assert "sats" in said
    assert "kind" in said


def test_a_model_of_points_has_no_levels_and_asks_at_level_1_only() -> None:
    text = re.sub(r"levels:\n(?:  .*\n)+", "", SMALL).replace("scheme: levels", "scheme: points")
    found = " ".join(problem for _, problem, _ in wrong(text))
    assert "there is no level 2" in found
    assert "the ceiling 1 is no level" in found
    fine = (
        text.replace("            level: 1\n", "")
        .replace("            level: 2\n", "")
        .replace("        ceiling: 1\n", "")
    )
    assert load(fine).scheme is Scheme.POINTS


def test_a_model_of_answers_needs_levels() -> None:
    text = re.sub(r"levels:\n(?:  .*\n)+", "", SMALL).replace("scheme: levels", "scheme: answers")
    assert any("at least two levels" in problem for _, problem, _ in wrong(text))


@pytest.mark.parametrize(
    "text",
    ["", "- a", "7", "{", "a: [", "\t", "? [a]\n: b", "---\na: 1\n---\nb: 2", "a: &b [*b]", "x: " + "[" * 40, "&" * 9],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    assert wrong(text)


def test_what_is_too_large_or_no_text_is_refused() -> None:
    assert "bytes" in wrong("#" * (MAX_BYTES + 1))[0][1]
    assert "more than" in wrong("a: [" + "1," * 90_000 + "]")[0][1]
    with pytest.raises(ModelError, match=r"x\.yaml:2: it is not UTF-8"):
        load_model(b"a: 1\nb: \xff", "x.yaml")
    assert load_model(b"\xef\xbb\xbf" + SMALL.encode(), "x.yaml").id == "ours"


def test_thousands_of_problems_are_told_briefly() -> None:
    demand = SMALL[SMALL.index("          - id: a.1-1") : SMALL.index("          - id: a.1-2")]
    text = SMALL + demand.replace("sast", "nothing") * 90
    with pytest.raises(ModelError) as caught:
        load(text)
    assert len(str(caught.value).split("\n")) <= 51
    assert "more" in str(caught.value).split("\n")[-1]


@given(st.text(max_size=60), st.integers(0, len(SMALL)), st.integers(0, 40))
@settings(max_examples=examples(150), deadline=None)
def test_no_text_does_anything_but_be_read_or_refused(text: str, place: int, cut: int) -> None:
    damaged = (SMALL[:place] + text + SMALL[place + cut :]).encode("utf-8", "surrogatepass")
    refused: ModelError | None = None
    try:
        model = load_model(damaged, "x.yaml")
    except ModelError as error:
        refused = error
    else:
        assert model_from_json(json.loads(json.dumps(model_to_json(model)))) == model
    if refused is not None:
        assert str(refused).startswith("x.yaml:")
        assert all(line >= 1 for line, _, _ in refused.problems)
        assert str(refused).replace("\n", "").isprintable()


# --- digests and JSON -------------------------------------------------------------------------------------------------


@given(models())
@settings(max_examples=examples(60), deadline=None)
def test_a_model_comes_back_from_json_with_its_digest(model: Model) -> None:
    assert model_from_json(json.loads(json.dumps(model_to_json(model)))) == model


def test_comments_and_order_do_not_change_the_digest_and_every_word_does() -> None:
    model = load(SMALL)
    assert load("# hello\n" + SMALL).digest == model.digest
    assert load(SMALL.replace("id: ours\n", "").replace("format: 1\n", "format: 1\nid: ours\n")).digest == model.digest
    for old, new in (("threshold: 1}", "threshold: 0.9}"), ("Scan.", "Scan!"), ('"1"', '"2"'), ("30", "31")):
        assert load(SMALL.replace(old, new, 1)).digest != model.digest
    assert re.fullmatch("[0-9a-f]{64}", model.digest)


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.pop("areas"),
        lambda document: document.update(format=9),
        lambda document: document.update(scheme="stars"),
        lambda document: document["areas"][0]["items"][0]["demands"][0]["asks"].update(measure="forgotten"),
        lambda document: document["areas"][0].update(items=[None]),
        lambda document: document.update(title="text"),
    ],
)
def test_a_stored_document_that_is_no_model_is_refused(damage: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(json.dumps(model_to_json(load(SMALL))))
    damage(document)
    with pytest.raises(ModelError, match="stored model"):
        model_from_json(document)
    others: tuple[object, ...] = (None, [], "x", {})
    for nothing in others:
        with pytest.raises(ModelError):
            model_from_json(nothing)


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_customers_model_stands_beside_the_shipped_ones_or_replaces_one(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "engineering.yml").write_text(SMALL.replace("id: ours", "id: engineering"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no model")
    found = read_models(tmp_path)
    assert found.problems == ()
    assert [model.id for model in found.models] == [*(model.id for model in shipped_models()), "ours"]
    replaced = found.get("engineering")
    assert replaced is not None
    assert replaced.source == "handbook"
    assert models_in_force(tmp_path) == found.models
    assert models_in_force(None) == shipped_models()


def test_a_broken_file_is_told_and_the_others_count(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "d.yaml").mkdir()
    found = read_models(tmp_path)
    assert found.get("ours") is not None
    said = [str(problem) for problem in found.problems]
    assert [text.split(":")[0] for text in said] == ["a.yaml", "c.yaml", "d.yaml"]
    assert "the model 'ours' is in b.yaml already" in said[1]
    assert models_in_force(tmp_path) == found.models


def test_a_folder_that_is_not_there_leaves_the_shipped_models(tmp_path: Path) -> None:
    found = read_models(tmp_path / "nowhere")
    assert found.models == shipped_models()
    assert "cannot be read" in str(found.problems[0])
    with pytest.raises(ModelError, match="cannot be read"):
        read_model_file(tmp_path / "nowhere.yaml")


def test_only_so_many_files_are_read(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 2):
        (tmp_path / f"{number:03}.yaml").write_text(SMALL.replace("id: ours", f"id: ours-{number}"), encoding="utf-8")
    found = read_models(tmp_path)
    assert len(found.models) == len(shipped_models()) + MAX_FILES
    assert "only the first" in str(found.problems[0])


# --- the schema -------------------------------------------------------------------------------------------------------


def test_the_schema_beside_the_shipped_models_is_the_one_of_this_code() -> None:
    """Made anew with ``python -m bot.domain.maturity.model_schema``."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_one_and_every_key_is_described_and_has_an_example() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    bodies = [("", schema), *schema["$defs"].items()]
    keys = {(section, key) for section, body in bodies for key in body.get("properties", {})}
    described = {
        (s, k) for s, body in bodies for k, about in body.get("properties", {}).items() if about.get("description")
    }
    assert keys == described
    assert {key for _, key in keys} <= set(EXAMPLES)
    assert {section.__name__ for section in SECTIONS.values()} == set(schema["$defs"])


def test_the_schema_accepts_what_is_read_and_refuses_what_editors_can_tell() -> None:
    assert list(SCHEMA.iter_errors(yaml.safe_load(SMALL.replace("id: a.1\n", 'id: "a.1"\n')))) == []
    for old, new in (
        ("scheme: levels", "scheme: stars"),
        ("measure: sast", "measure: sats"),
        ("format: 1", "format: 2"),
    ):
        assert not SCHEMA.is_valid(yaml.safe_load(SMALL.replace(old, new)))


@pytest.mark.parametrize("path", sorted(SCHEMA_FILE.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_files_are_valid_for_editors(path: Path) -> None:
    assert list(SCHEMA.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))) == []
    ModelFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
