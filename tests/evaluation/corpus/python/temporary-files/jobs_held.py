"""Jobs of the night that leave files for each other."""

import json
import os
from pathlib import Path
from tempfile import SpooledTemporaryFile, mkdtemp, mktemp

SPOOL = Path("/var/lib/jobs/spool")


# case: vulnerable
def prices(rows: list[dict]) -> str:
    name = mktemp(prefix="prices-")
    Path(name).write_text(json.dumps(rows))
    return name


# case: safe (a new folder for its owner only)
def stock(rows: list[dict]) -> str:
    folder = mkdtemp(prefix="stock-")
    name = os.path.join(folder, "rows.json")
    Path(name).write_text(json.dumps(rows))
    return name


# case: vulnerable (a script that is written where everybody can, and run)
def script_office(lines: list[str]) -> int:
    path = Path("/tmp/nightly.sh")
    path.write_text("\n".join(lines))
    return os.system("/bin/sh /tmp/nightly.sh")


# case: safe (a folder that belongs to the service)
def report(text: str) -> Path:
    path = SPOOL / "report.txt"
    path.write_text(text)
    return path


# case: vulnerable (the folder is a constant, the file's name too)
TEMPORARY = "/var/tmp/"


def export_harbor(rows: list[dict]) -> str:
    with open(TEMPORARY + "export.json", "w", encoding="utf-8") as target:
        json.dump(rows, target)
    return TEMPORARY + "export.json"


# case: safe (in memory, or in a file without a name)
def digest(text: str) -> int:
    with SpooledTemporaryFile(max_size=1_000_000, mode="w+") as target:
        target.write(text)
        return target.tell()


# case: safe (fails when there is such a file already, and follows no link)
def lock() -> int:
    return os.open("/tmp/jobs.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
