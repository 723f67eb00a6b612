"""Which known finding is this one: by evidence where git cannot be asked, and never by a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.identity import Pool, correlate_known, identify
from bot.domain.verdict import Presence
from scanners.finding import Finding, FindingKind
from tests.domain.builders import change, diff, finding, package


def one(current: Finding, known: Finding, **options: object) -> tuple[int | None, Presence, str]:
    (identity,) = identify([current], [Pool({812: known}, **options)])  # type: ignore[arg-type]
    return identity.number, identity.presence, identity.explanation


@pytest.mark.parametrize(
    ("known", "current", "expected"),
    [
        (finding(line=57, code="c"), finding(line=63, code="c"), "same code in the same file: was 57, now 63"),
        (
            replace(finding(line=5, code="c"), context_hash="k"),
            replace(finding(line=9, code="c"), context_hash="k"),
            "same code between the same lines: was 5, now 9",
        ),
        (
            replace(finding(line=5), tool_fingerprints=("t",)),
            replace(finding(line=9), tool_fingerprints=("t",)),
            "same fingerprint of the scanner: was 5, now 9",
        ),
        (finding(line=5), finding(line=5), "same rule in the same place, no code to compare: 5"),
        (package(line=3), package(line=8), "same version with the same advisory: was 3, now 8"),
    ],
)
def test_evidence_tells_a_finding_again_and_is_said(known: Finding, current: Finding, expected: str) -> None:
    assert one(current, known) == (812, Presence.EXISTING, f"same as #812: {expected}")


@pytest.mark.parametrize(
    ("known", "current"),
    [
        (finding(code="c"), finding(code="d")),
        (finding(code="c", rule="B602"), finding(code="c", rule="B603")),
        (finding("a.py", code="c"), finding("b.py", code="c")),
        (package(advisory="GHSA-1"), package(advisory="GHSA-2")),
        (package("one"), package("two")),
        # The neighbours are the same and the code is not: an edited literal, which the context leaves out.
        (
            replace(finding(code="c"), context_hash="k"),
            replace(finding(code="d"), context_hash="k"),
        ),
    ],
)
def test_other_code_another_rule_or_another_package_is_never_the_same(known: Finding, current: Finding) -> None:
    assert one(current, known)[:2] == (None, Presence.NEW)


def test_another_version_with_the_same_advisory_has_to_be_judged_again() -> None:
    assert one(package(version="2.1"), package(version="2.0"))[:2] == (812, Presence.CHANGED)


def test_a_tools_mark_on_other_code_has_to_be_judged_again() -> None:
    """GitLab's mark is a function and a number of lines: what is put in there need not be what was taken out below."""
    known = replace(finding(line=4, code="accepted"), tool_fingerprints=("f|2",))
    current = replace(finding(line=4, code="worse"), tool_fingerprints=("f|2",))
    hunks = change((1, 0, 2, 3), (4, 1, 6, 0))
    number, presence, _ = one(current, known, changes=(hunks,))
    assert (number, presence) == (812, Presence.CHANGED)
    assert one(current, known)[1] is Presence.EXISTING


def test_code_in_another_file_is_the_same_only_where_nothing_else_can_be_meant() -> None:
    moved = replace(finding("a.py", 5, code="c"), context_hash="k")
    there = replace(moved, location=finding("b.py", 9).location)
    assert one(there, moved)[:2] == (812, Presence.CHANGED)
    twice = identify([there, replace(moved, location=finding("c.py", 1).location)], [Pool({812: moved})])
    assert [identity.number for identity in twice] == [None, None]


def test_a_secret_that_cannot_be_compared_has_to_be_confirmed() -> None:
    """Its value is in no hash, so another secret in the same place would look the same."""
    secret = replace(finding(line=5, code="masked", scanner="detect-secrets"), kind=FindingKind.SECRET)
    number, presence, explanation = one(secret, secret)
    assert (number, presence) == (812, Presence.CHANGED)
    assert "the secret may be another" in explanation


def test_what_is_expected_nowhere_needs_strong_evidence() -> None:
    assert one(finding(line=5), finding(line=6), by_code_only=True)[0] is None
    assert one(finding(line=5), finding(line=5), by_code_only=True)[:2] == (812, Presence.CHANGED)
    assert one(finding(line=5, code="c"), finding(line=9, code="c"), by_code_only=True)[0] == 812


def test_the_first_pool_that_knows_it_counts_and_a_number_is_given_once() -> None:
    copies = [finding(line=5, code="c"), finding(line=50, code="c")]
    found = identify(copies, [Pool({1: copies[0]}, ()), Pool({1: copies[0], 2: copies[1]}, ())])
    assert [(identity.number, identity.pool) for identity in found] == [(1, 0), (2, 1)]


def test_gits_line_map_outweighs_what_looks_alike() -> None:
    """The known copy was deleted, and an equal one was written elsewhere in the file: an edit, not the same lines."""
    old = ["a", "flagged", "b", "c", "d"]
    new = ["a", "b", "c", "d", "x", "flagged"]
    (identity,) = identify(
        [finding(line=6, code="flagged")], [Pool({812: finding(line=2, code="flagged")}, (diff(old, new),))]
    )
    assert (identity.number, identity.presence) == (812, Presence.CHANGED)


def test_an_edited_line_is_the_same_finding_changed() -> None:
    (identity,) = identify(
        [finding(line=5, code="new")], [Pool({812: finding(line=5, code="old")}, (change((5, 1, 5, 1)),))]
    )
    assert (identity.number, identity.presence) == (812, Presence.CHANGED)


def test_ten_thousand_alike_are_matched_in_order_and_say_so() -> None:
    known = {n: finding(line=n, code="same") for n in range(1, 10_001)}
    current = [finding(line=n + 20_000, code="same") for n in range(1, 10_001)]
    found = identify(current, [Pool(known)])
    assert len({identity.number for identity in found}) == 10_000
    assert all("too many alike" in identity.explanation for identity in found)


_FINDINGS = st.lists(
    st.builds(
        lambda line, code, rule, path: finding(path, line, code=code, rule=rule),
        st.integers(1, 9),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["r", "s"]),
        st.sampled_from(["x.py", "y.py"]),
    ),
    max_size=12,
)


@given(_FINDINGS, _FINDINGS, st.booleans())
def test_identities_are_one_to_one_and_name_only_what_is_known(
    known: Sequence[Finding], current: Sequence[Finding], with_git: bool
) -> None:
    pool = Pool(dict(enumerate(known, 100)), () if with_git else None)
    found = identify(current, [pool])
    numbers = [identity.number for identity in found if identity.number is not None]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= set(pool.known)
    assert all((identity.number is None) == (identity.presence is Presence.NEW) for identity in found)


@given(_FINDINGS, st.booleans())
def test_what_did_not_change_is_known_again_completely(findings: Sequence[Finding], with_git: bool) -> None:
    found = identify(findings, [Pool(dict(enumerate(findings, 1)), () if with_git else None)])
    assert sorted(identity.number or 0 for identity in found) == list(range(1, len(findings) + 1))


@given(_FINDINGS, _FINDINGS, st.randoms())
def test_the_order_of_findings_does_not_matter(known: list[Finding], current: list[Finding], dice: object) -> None:
    def counted(findings: Sequence[Finding]) -> list[tuple[str, bool]]:
        found = identify(findings, [Pool(dict(enumerate(known, 1)))])
        return sorted((repr(f), i.number is None) for f, i in zip(findings, found, strict=True))

    shuffled = list(current)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counted(shuffled) == counted(current)


def test_another_scanner_with_a_related_weakness_on_the_line_is_explained() -> None:
    ours = {7: finding(line=10, end=12, cwes=(89,))}
    theirs = [finding(line=12, scanner="CodeQL", cwes=(89,)), finding(line=40, scanner="CodeQL", cwes=(89,))]
    found = correlate_known(theirs, ours)
    assert {index: c.number for index, c in found.items()} == {0: 7}
    assert found[0].explanation == (
        "same as #7: bandit reports a related weakness (CWE-89) on lines that overlap: 10-12"
    )


def test_unrelated_weaknesses_on_one_line_stay_apart() -> None:
    assert correlate_known([finding(line=1, scanner="x", cwes=(79,))], {7: finding(line=1, cwes=(22,))}) == {}


def test_two_of_another_scanner_cannot_both_be_ours() -> None:
    theirs = [finding(line=10, scanner="x", cwes=(89,)), finding(line=10, scanner="x", rule="other", cwes=(89,))]
    assert len(correlate_known(theirs, {7: finding(line=10, cwes=(89,))})) == 1


def test_an_advisory_is_the_same_by_any_of_its_names() -> None:
    theirs = replace(package(advisory="CVE-2026-1", aliases=("GHSA-9",)), scanner="gemnasium")
    found = correlate_known([theirs], {7: package(advisory="PYSEC-1", aliases=("cve-2026-1",))})
    assert found[0].explanation == "same as #7: pip-audit reports the same advisory, CVE-2026-1, for the same package"
    assert correlate_known([replace(theirs, location=finding("poetry.lock").location)], {7: package()}) == {}
