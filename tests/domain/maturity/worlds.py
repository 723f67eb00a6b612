"""Small models, and counters and attestations to rate with them, made by hand or by Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.maturity.attestation import Attestation
from bot.domain.maturity.counters import COUNTERS
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Area, Attest, Demand, DemandKind, Item, LevelName, Model, Probe, Scheme, Text
from bot.domain.maturity.model_file import model_from_json, model_to_json
from bot.domain.maturity.period import Period, PeriodKind, night
from bot.domain.maturity.scope import ORGANISATION, Scope

DAY = date(2026, 11, 25)
NIGHT = night(DAY)
END = datetime(2026, 11, 26, tzinfo=UTC)
"""The moment at which that night is over."""
WORD = Text("word", "词")
LEVELS = tuple(LevelName(number, Text(f"level {number}", f"{number} 级"), WORD) for number in range(1, 6))

SCANNED: Mapping[str, int] = {
    "projects": 1,
    "projects.ever_scanned": 1,
    "projects.scanned": 1,
    "projects.sast": 1,
    "projects.dependency": 1,
    "projects.secret": 1,
    "projects.required_answered": 1,
    "projects.assessed": 1,
    "code.lines": 9_000,
    "code.scannable_lines": 7_000,
    "code.read_lines": 5_000,
    "open.critical": 1,
    "open.high": 2,
    "open.medium": 0,
    "open.low": 0,
    "open.info": 0,
    "scans": 30,
    "scans.ended": 29,
    "days.store": 90,
}
"""A project that is looked at."""


def demand(name: str, asks: Probe | Attest, *, level: int = 2, kind: DemandKind = DemandKind.PRACTICE) -> Demand:
    return Demand(name, level, kind, WORD, WORD, asks, share=0.5)


def model(name: str = "small", version: str = "1", *, threshold: float = 0.6) -> Model:
    """A model with a question to data, one with steps, and one to people."""
    demands = (
        demand("a-2-01", Probe("static_coverage_existing", threshold)),
        demand("a-3-01", Probe("scan_success", 1.0, steps=((0.5, 0.25), (0.9, 0.5))), level=3),
        demand("a-3-02", Attest(), level=3),
    )
    return sealed((Item("a", WORD, WORD, demands, weight=2),), name=name, version=version)


def sealed(items: Sequence[Item], *, name: str = "small", version: str = "1", scheme: Scheme = Scheme.LEVELS) -> Model:
    """A model of these items with its digest."""
    levels = () if scheme is Scheme.POINTS else LEVELS
    bare = Model(name, version, WORD, WORD, "made up", scheme, levels, (Area("area", WORD, tuple(items)),), "")
    return model_from_json(model_to_json(bare))


def attestation(number: int = 1, *, scope: Scope = ORGANISATION, of: str = "small", **more: object) -> Attestation:
    """One that was made and confirmed a month before the night, for a year."""
    at = END - timedelta(days=30)
    made = Attestation(
        id=number,
        model_id=of,
        demand_id="a-3-02",
        scope=scope,
        text="We do it so.",
        file_name="",
        file_type="",
        file_digest="",
        made_by="ada",
        made_by_id=1,
        made_at=at,
        expires_at=at + timedelta(days=365),
        confirmed_by="grace",
        confirmed_by_id=2,
        confirmed_at=at,
        withdrawn_by="",
        withdrawn_at=None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def tallies() -> st.SearchStrategy[dict[str, int]]:
    """Any counters of a project; of some hardly anything is known."""
    numbers = st.one_of(st.integers(0, 3), st.integers(0, 10**12))
    some = st.dictionaries(st.sampled_from(sorted(COUNTERS)), numbers, max_size=len(COUNTERS))
    # Most are scanned: of others a model says nothing.
    scanned = st.fixed_dictionaries({name: numbers for name in COUNTERS if not name.startswith("projects")})
    return st.one_of(
        some, scanned.map(lambda tally: {**tally, **SCANNED}), some.map(lambda tally: {**SCANNED, **tally})
    )


def periods() -> st.SearchStrategy[Period]:
    return st.builds(
        lambda first, days: Period(PeriodKind.SPAN, first, first + timedelta(days=days)),
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        st.integers(0, 800),
    )


@st.composite
def models(draw: st.DrawFn, name: str = "drawn") -> Model:
    """Any model of each scheme."""
    measures = st.sampled_from(sorted(MEASURES))
    floats = st.floats(0, 1e9, allow_nan=False)
    probes = st.builds(
        Probe,
        measure=measures,
        threshold=floats,
        strict=st.booleans(),
        steps=st.one_of(st.just(()), st.tuples(st.tuples(floats, st.floats(0.01, 0.99)))),
    )
    asks = st.one_of(probes, probes, st.builds(Attest))
    items = []
    for number in range(draw(st.integers(1, 3))):
        demands = tuple(
            Demand(
                id=f"{number}-{n}",
                level=draw(st.integers(1, 5)),
                kind=draw(st.sampled_from(DemandKind)),
                text=WORD,
                advice=WORD,
                asks=draw(asks),
                weight=draw(st.integers(1, 5)),
                share=draw(st.floats(0.01, 1)),
            )
            for n in range(draw(st.integers(1, 4)))
        )
        items.append(Item(f"{number}", WORD, WORD, demands, weight=draw(st.integers(1, 5))))
    return sealed(items, name=name, scheme=draw(st.sampled_from(Scheme)))
