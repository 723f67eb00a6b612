"""What a sample says about its lines."""

from __future__ import annotations

from bot.domain.rule_sample import Case, cases, read_sample

TEXT = """\
import a
# ruleid: mine, other
a.bad()
a.plain()
# ok: other
# ok: mine
a.good()
# ruleid: other
a.theirs()
# todoruleid: mine
a.later()
"""


def test_marks_are_about_the_next_line_of_code_and_are_not_shown() -> None:
    sample = read_sample("a.py", TEXT, "mine")
    assert [(line.number, line.text, line.case) for line in sample.lines] == [
        (1, "import a", Case.NONE),
        (3, "a.bad()", Case.TRUE),
        (4, "a.plain()", Case.NONE),
        (7, "a.good()", Case.FALSE),
        (9, "a.theirs()", Case.NONE),
        (11, "a.later()", Case.LATER),
    ]


def test_cases_are_counted_for_the_rule_that_is_asked_about() -> None:
    assert cases([read_sample("a.py", TEXT, "mine")] * 2) == (2, 2)
    assert cases([read_sample("a.py", TEXT, "other")]) == (2, 1)
    assert cases([read_sample("a.py", TEXT, "min")]) == (0, 0)
