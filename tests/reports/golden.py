"""
Golden files: what a person reads, kept in ``tests/assets/golden/reports``.

``MERGEWARDEN_UPDATE_GOLDEN=1 pytest tests/reports`` writes them anew; the difference is then reviewed like code.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "golden" / "reports"


def assert_golden(name: str, text: str) -> None:
    """Compare with the golden file of this name, or write it when asked to."""
    path = FOLDER / name
    if os.environ.get("MERGEWARDEN_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.exists(), f"{path} is missing; run with MERGEWARDEN_UPDATE_GOLDEN=1 and review it"
    assert text == path.read_text(encoding="utf-8")
