"""Short names for long ones: 64 bits of a hash, as databases take them."""

from __future__ import annotations

from functools import lru_cache

from scanners.fingerprint import digest


def short(name: str) -> int:
    """The first 64 bits of a hash in hex, or of the hash of any other text, as a signed number."""
    try:
        value = int(name[:16], 16)
    except ValueError:  # no hash of ours
        value = int(digest(name)[:16], 16)
    return value - 2**63


@lru_cache(maxsize=65_536)
def token_of(scanner: str, rule_id: str) -> int:
    """A short name of a scanner's rule."""
    return short(digest(scanner, rule_id))


@lru_cache(maxsize=65_536)
def package_key(ecosystem: str, package: str) -> int:
    """A short name of a package."""
    return short(digest("package", ecosystem.casefold(), package))
