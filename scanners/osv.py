"""
Whether an OSV advisory is about a version of a Python package, and which version mends it.

Follows the evaluation algorithm of https://ossf.github.io/osv-schema/#evaluation, with the ordering of PEP 440.
Standard library and ``packaging`` only: a child process that must start fast imports this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"

Advisory = Mapping[str, Any]


def affects(advisory: Advisory, package: str, version: str) -> bool:
    """
    Whether the advisory names this version of this package. A withdrawn advisory names none.

    :param package: normalised name (PEP 503).
    :param version: any text; one that is no PEP 440 version can only be named literally.
    """
    if advisory.get("withdrawn"):
        return False
    wanted = _version(version)
    for affected in _affected(advisory, package):
        for listed in _sequence(affected.get("versions")):
            if listed == version or (wanted is not None and _version(listed) == wanted):
                return True
        if wanted is not None and any(_in_range(events, wanted) for events in _ranges(affected)):
            return True
    return False


def fixed_versions(advisory: Advisory, package: str, version: str) -> tuple[str, ...]:
    """Versions above ``version`` that the advisory calls fixed, lowest first; normalised."""
    wanted = _version(version)
    if wanted is None:
        return ()
    fixed = {
        fix
        for affected in _affected(advisory, package)
        for events in _ranges(affected)
        for event in events
        if (fix := _version(event.get("fixed"))) is not None and fix > wanted
    }
    return tuple(str(fix) for fix in sorted(fixed))


def packages_of(advisory: Advisory) -> frozenset[str]:
    """Normalised names of the PyPI packages that the advisory is about."""
    return frozenset(
        canonicalize_name(package["name"])
        for affected in _sequence(advisory.get("affected"))
        if isinstance(affected, Mapping)
        and isinstance(package := affected.get("package"), Mapping)
        and package.get("ecosystem") == ECOSYSTEM
        and isinstance(package.get("name"), str)
    )


def matching(advisories: Iterable[Advisory], package: str, version: str) -> list[Advisory]:
    """The advisories that name this version, in the order given."""
    return [advisory for advisory in advisories if affects(advisory, package, version)]


def _affected(advisory: Advisory, package: str) -> Iterator[Mapping[str, Any]]:
    for affected in _sequence(advisory.get("affected")):
        if not isinstance(affected, Mapping):
            continue
        about = affected.get("package")
        if (
            isinstance(about, Mapping)
            and about.get("ecosystem") == ECOSYSTEM
            and isinstance(about.get("name"), str)
            and canonicalize_name(about["name"]) == package
        ):
            yield affected


def _ranges(affected: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    for span in _sequence(affected.get("ranges")):
        if isinstance(span, Mapping) and span.get("type") in ("ECOSYSTEM", "SEMVER"):
            yield [event for event in _sequence(span.get("events")) if isinstance(event, Mapping)]


def _in_range(events: list[Mapping[str, Any]], version: Version) -> bool:
    """Walk the events in the order of their versions; the last one that was passed decides."""
    limits = [_version(event["limit"]) for event in events if event.get("limit") not in (None, "*")]
    if limits and not any(limit is not None and version < limit for limit in limits):
        return False
    steps: list[tuple[Version, int, str]] = []
    for event in events:
        for order, word in enumerate(("introduced", "fixed", "last_affected")):
            if word in event:
                # "0" is the schema's word for "before any version", dev releases of 0 included.
                at = Version("0.dev0") if word == "introduced" and event[word] == "0" else _version(event[word])
                if at is not None:
                    steps.append((at, order, word))
    inside = False
    for at, _, word in sorted(steps):
        if word == "introduced" and version >= at:
            inside = True
        elif (word == "fixed" and version >= at) or (word == "last_affected" and version > at):
            inside = False
    return inside


def _version(text: object) -> Version | None:
    try:
        return Version(text) if isinstance(text, str) else None
    except InvalidVersion:
        return None


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
