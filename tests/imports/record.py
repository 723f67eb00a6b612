"""
Records reports of the tools that we have, and the golden readings of all samples: ``python -m tests.imports.record``.

Run it after a tool's new release, and read the difference. The samples of tools that we do not have are written by hand
after their documentation; of those only the reading is renewed. Give ``readings`` as argument to renew nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from rules import catalog
from scanners.imports import ImportedTool, open_report

ASSETS = Path(__file__).parent.parent / "assets" / "imports"
STRIP_PREFIX = PurePosixPath("/builds/shop/web")
# Put together here, so that no scanner of this repository takes it for real.
PLANTED = "Pl4nted-" + "Zebra-" + "9xKq-Value"

APP = f"""\
import hashlib
import subprocess


def run(command):
    subprocess.call(command, shell=True)


def digest(data):
    return hashlib.md5(data).hexdigest()


password = "{PLANTED}"


def show(request):
    return eval(request.args["q"])
"""
BROKEN = "def broken(:\n"
FOREIGN_RULES = """\
rules:
  - id: call-of-eval
    languages: [python]
    severity: WARNING
    message: The result of eval($X) can be anything, so don't use it.
    metadata:
      cwe: ["CWE-95: Eval Injection"]
      owasp: ["A03:2021 - Injection"]
      confidence: HIGH
      references: ["https://example.com/eval"]
    pattern: eval($X)
"""
ADVISORY = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-0001"],
    "summary": "Django lets everybody in",
    "details": "Don't use it.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "django"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.2.1"}]}],
        }
    ],
}
_findings: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


def samples() -> list[Path]:
    """Every sample report."""
    return sorted(
        path for path in ASSETS.rglob("*") if path.suffix in (".json", ".sarif", ".jsonl") and not _golden(path)
    )


def _golden(path: Path) -> bool:
    return path.name.endswith(".reading.json")


def reading(path: Path) -> str:
    """The golden text: what is made of a report."""
    report = open_report(path, strip_prefix=STRIP_PREFIX)
    document = {
        "format": report.format,
        "tools": TypeAdapter(list[ImportedTool]).dump_python(list(report.tools), mode="json"),
        "entries": [
            {"entry": type(entry).__name__, **TypeAdapter(type(entry)).dump_python(entry, mode="json")}
            for entry in report.entries()
        ],
    }
    return json.dumps(_without_defaults(document), indent=1, ensure_ascii=False) + "\n"


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_defaults(v) for key, v in value.items() if v not in (None, "", [], {})}
    return [_without_defaults(v) for v in value] if isinstance(value, list) else value


def main() -> None:
    """Run the tools, and write reports and readings."""
    if sys.argv[1:] != ["readings"]:
        with tempfile.TemporaryDirectory() as name:
            _run_tools(Path(name))
    for path in samples():
        path.with_suffix(".reading.json").write_text(reading(path), encoding="utf-8")


def _run_tools(folder: Path) -> None:
    shop = folder / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "src" / "app.py").write_text(APP)
    (shop / "src" / "broken.py").write_text(BROKEN)
    # Semgrep makes the place of a rule part of its id.
    (shop / "rules").mkdir()
    (shop / "rules" / "foreign.yaml").write_text(FOREIGN_RULES)
    shutil.copy(catalog.compiled_pack("python"), shop / "rules" / "ours.json")
    packs = ["--config", "rules/ours.json", "--config", "rules/foreign.yaml"]
    semgrep = ["semgrep", "scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "-q", *packs]
    _write("bandit/bandit.json", _run(shop, "bandit", "-q", "-f", "json", "-r", "./src"))
    _write("semgrep/semgrep.json", _run(shop, *semgrep, "--json", "src"))
    _write("sarif/semgrep.sarif", _run(shop, *semgrep, "--sarif", "src"))
    inputs = folder / "inputs"
    inputs.mkdir()
    (inputs / "requirements.0.txt").write_text("django==3.2.0\nhttpx==0.28.1\n")
    (inputs / "advisories.json").write_text(json.dumps([ADVISORY]))
    _write("pip-audit/pip-audit.json", _run(shop, "python", "-m", "scanners.offline.pip_audit", str(inputs)))


def _run(folder: Path, program: str, *arguments: str) -> str:
    root = str(Path(__file__).parents[2])
    environment = {
        **os.environ,
        "PYTHONPATH": root,
        "SEMGREP_SEND_METRICS": "off",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    place = Path(sys.executable).parent / program
    done = subprocess.run(
        [str(place), *arguments], cwd=folder, env=environment, capture_output=True, check=False, text=True
    )
    assert done.stdout, done.stderr
    return done.stdout.replace(f"{folder.parent}/", "/builds/")


def _write(name: str, text: str) -> None:
    place = ASSETS / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
