"""What is promised about secrets holds on the labelled corpus."""

from __future__ import annotations

import pytest

from scanners.offline.detect_secrets import Detector
from tests.evaluation.secrets.corpus import cases, digest
from tests.evaluation.secrets.figures import Figures, measure


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure(Detector())


def test_corpus_is_large_enough_and_the_same_each_time(figures: Figures) -> None:
    assert figures.true >= 250
    assert figures.negative >= 250
    assert digest() == digest()
    assert len({case.name for case in cases()}) == figures.true + figures.negative


def test_what_blocks_is_never_wrong(figures: Figures) -> None:
    assert figures.scores["high"].wrong == 0
    assert figures.scores["high"].recall >= 0.45


def test_what_is_commented_finds_most_and_is_seldom_wrong(figures: Figures) -> None:
    score = figures.scores["medium"]
    assert score.recall >= 0.97
    assert score.precision >= 0.97


def test_no_family_is_left_behind(figures: Figures) -> None:
    weak = {family: sure / total for family, (sure, _, total) in figures.families.items() if sure / total < 0.9}
    assert weak == {}
