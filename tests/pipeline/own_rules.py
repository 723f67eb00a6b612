"""Sources of an organisation's rules, written by tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from bot.domain.rule_version import RuleVersion
from bot.pipeline.rule_reading import files_in, read_version
from bot.pipeline.throwaway import throwaway_folder

RULE = """\
rules:
  - id: org-python-raw-ledger
    languages: [python]
    message: The ledger is written past its service, so that nobody books the other side. Call billing.post instead.
    pattern: ledger.write(...)
    metadata:
      title: Ledger written past the billing service
      remediation: Call billing.post.
      cwe: [841]
      severity: high
      confidence: high
"""
SAMPLE = """\
import billing
import ledger

# ruleid: org-python-raw-ledger
ledger.write(1)
# ok: org-python-raw-ledger
billing.post(1)
"""
PLACE = "python/billing/raw-ledger"
SOURCE = {f"{PLACE}.yaml": RULE, f"{PLACE}.py": SAMPLE}


def other_rule(name: str, pattern: str, hit: str) -> dict[str, str]:
    """A second rule of the same shape."""
    rule = RULE.replace("raw-ledger", name).replace("ledger.write(...)", pattern)
    sample = f"# ruleid: org-python-{name}\n{hit}\n# ok: org-python-{name}\nfine()\n"
    return {f"python/billing/{name}.yaml": rule, f"python/billing/{name}.py": sample}


def write(folder: Path, files: dict[str, str]) -> Path:
    """These files and no others."""
    for old in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        old.unlink() if old.is_file() else old.rmdir()
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text), encoding="utf-8")
    folder.mkdir(exist_ok=True)
    return folder


def version_of(folder: Path, files: dict[str, str]) -> RuleVersion:
    """What these files are compiled to. Raises ``WrongRules``."""
    with throwaway_folder(None) as scratch:
        return read_version(files_in(write(folder, files)), scratch)
