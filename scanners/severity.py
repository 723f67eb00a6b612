"""Every tool's words for how bad and how sure, and CVSS vectors, turned into ours."""

from __future__ import annotations

import math

from scanners.finding import Confidence, Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
    "note": Severity.INFO,
    "none": Severity.INFO,
}
_CONFIDENCE = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM, "low": Confidence.LOW}


def severity_of_word(word: object, default: Severity = Severity.MEDIUM) -> Severity:
    """Our level for a tool's word in any case; ``default`` for what is not known."""
    return _WORDS.get(word.strip().lower(), default) if isinstance(word, str) else default


def confidence_of_word(word: object, default: Confidence = Confidence.MEDIUM) -> Confidence:
    """Our level for a tool's word in any case; ``default`` for what is not known."""
    return _CONFIDENCE.get(word.strip().lower(), default) if isinstance(word, str) else default


# Weights of the base metrics, CVSS v3.1 specification, section 7.4. https://www.first.org/cvss/v3.1/specification-document
_CVSS3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_CVSS3_PRIVILEGES = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}


def cvss3_base_score(vector: str) -> float | None:
    """
    Base score (0 to 10) of a CVSS v3.0 or v3.1 vector such as ``CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H``.

    None when it is not such a vector. Formula: CVSS v3.1 specification, section 7.1.
    """
    head, _, rest = vector.partition("/")
    if head not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    metrics = dict(part.split(":", 1) for part in rest.split("/") if ":" in part)
    try:
        value = {name: weights[metrics[name]] for name, weights in _CVSS3.items()}
        changed = {"U": False, "C": True}[metrics["S"]]
        privileges = _CVSS3_PRIVILEGES[metrics["S"]][metrics["PR"]]
    except KeyError:
        return None
    sub_score = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    impact = 7.52 * (sub_score - 0.029) - 3.25 * (sub_score - 0.02) ** 15 if changed else 6.42 * sub_score
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10))


def _round_up(number: float) -> float:
    # Appendix A of the specification: integers, so that 4.02 does not become 4.1 on one machine and 4.0 on another.
    scaled = round(number * 100_000)
    return scaled / 100_000 if scaled % 10_000 == 0 else (math.floor(scaled / 10_000) + 1) / 10


def severity_of_score(score: float) -> Severity:
    """Qualitative rating of a CVSS score, specification section 5."""
    for limit, severity in (
        (9.0, Severity.CRITICAL),
        (7.0, Severity.HIGH),
        (4.0, Severity.MEDIUM),
        (0.1, Severity.LOW),
    ):
        if score >= limit:
            return severity
    return Severity.INFO
