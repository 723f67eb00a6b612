"""
``python -m tests.evaluation.noise FOLDER ...``: findings of our packs per thousand lines of real code.

Run it over the sources of well-kept projects: what is found there is noise until somebody has looked. Rules above the
limit belong into monitor mode.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from rules import catalog
from rules.packs import PACKS_OF_SUFFIX
from scanners.adapters.semgrep import Semgrep
from tests.evaluation.measure import read_files

_MOST_BYTES = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation.noise", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--suffix", action="append", help="only such files, for example .py")
    parser.add_argument("--limit", type=float, default=0.5, help="findings per 1,000 lines above which a rule is noise")
    parser.add_argument("--show", type=int, default=0, help="places to show of each rule")
    options = parser.parse_args(arguments)
    wanted = set(options.suffix or PACKS_OF_SUFFIX)
    files = sorted(
        path
        for folder in options.folders
        for path in folder.rglob("*")
        if path.suffix in wanted and path.is_file() and not path.is_symlink() and path.stat().st_size < _MOST_BYTES
    )
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    started = time.monotonic()
    found, gaps = read_files(files, [Semgrep()])
    seconds = time.monotonic() - started
    hits = Counter((attribution.rule_id) for some in found.values() for f in some for attribution in f.attributions)
    thousands = max(lines, 1) / 1000
    print(f"{len(files)} files, {lines} lines, {seconds:.1f} s ({seconds / thousands:.2f} s per 1,000 lines)")
    print(f"not read in full: {len(gaps)} files")
    for rule_id, count in hits.most_common():
        info = catalog.rule_info("semgrep", rule_id)
        mode = info.mode if info is not None else "?"
        loud = "  above the limit" if count / thousands > options.limit and mode != "monitor" else ""
        print(f"{rule_id:<50}{mode:<9}{count:>6}{count / thousands:>9.3f} per 1,000{loud}")
        places = [(path, f) for path, some in found.items() for f in some if f.rule_id == rule_id]
        for path, finding in places[: options.show]:
            print(f"    {path}:{finding.location.start_line}")
    shown = sum(
        count for rule_id, count in hits.items() if (i := catalog.rule_info("semgrep", rule_id)) and i.mode != "monitor"
    )
    print(f"all: {hits.total() / thousands:.3f} per 1,000 lines, without the monitored {shown / thousands:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
