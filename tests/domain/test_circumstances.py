"""Circumstances are stored with a decision and come back as they were."""

from __future__ import annotations

import json
import pickle
from datetime import date

import pytest
from hypothesis import given

from bot.domain.circumstances import Context, Facts
from tests.domain.policies import CONTEXTS, FACTS


@given(CONTEXTS)
def test_a_context_comes_back_as_it_was(context: Context) -> None:
    written = json.dumps(context.to_json(), sort_keys=True)
    assert Context.from_json(json.loads(written)) == context
    assert pickle.loads(pickle.dumps(context)) == context


@given(FACTS)
def test_facts_come_back_as_they_were_and_say_nothing_of_what_is_unknown(facts: Facts) -> None:
    written = facts.to_json()
    assert Facts.from_json(json.loads(json.dumps(written))) == facts
    assert None not in written.values()


def test_no_licence_and_no_word_about_licences_are_two_things() -> None:
    assert Facts.from_json(Facts(licences=()).to_json()) == Facts(licences=()) != Facts()


@pytest.mark.parametrize(
    "values",
    [{"kev": "yes"}, {"epss": "high"}, {"first_seen": "soon"}, {"first_seen": 7}, {"licences": 7}],
    ids=["kev", "epss", "date", "number for a date", "licences"],
)
def test_facts_that_are_none_are_refused(values: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Facts.from_json(values)


def test_a_context_that_lacks_something_is_refused() -> None:
    whole = Context("main", frozenset({"a"}), True, date(2026, 3, 1)).to_json()
    for name in whole:
        with pytest.raises(KeyError):
            Context.from_json({key: value for key, value in whole.items() if key != name})
