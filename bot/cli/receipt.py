"""``mergewarden receipt`` and ``mergewarden verify-receipt``: signed receipts, made, shown and checked."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bot.cli.common import open_services, project_of
from bot.cli.output import written_whole
from bot.domain.receipt import (
    LARGEST,
    Envelope,
    InvalidReceipt,
    Receipt,
    UnreadableReceipt,
    id_of,
    read_envelope,
    read_statement,
)
from bot.errors import MergewardenError
from bot.pipeline.git import LocalSource
from bot.pipeline.receipts import differences
from bot.pipeline.signing import checked, load_public_key, signer
from bot.reports.receipt_page import print_receipt
from bot.reports.visible import one_line
from bot.store import receipts
from bot.store.engine import session
from bot.texts import Language

NOT_VALID = 1
"""Exit status for a receipt that proves nothing."""

_REQUEST = re.compile(r"(?P<project>.{1,1000})!(?P<iid>[0-9]{1,18})")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_SHOWN = 20


def run_key(config: Path | None) -> int:
    """Print the public key, alone on standard output, and its id beside; makes the key where there is none yet."""
    services = open_services(config)
    key = signer(services.settings).public
    services.close()
    print(f"key {key.id}", file=sys.stderr)
    print(key.pem, end="")
    return 0


def run_show(name: str, *, out: Path | None, format: str, language: str | None, config: Path | None) -> int:
    """
    Show the newest receipt of a merge request, or write it to a file. Raises ``MergewardenError`` where there is none.
    """
    found = _REQUEST.fullmatch(name)
    if found is None:
        raise MergewardenError(f"{one_line(name, 100)!r} names no merge request", "Write it as shop/backend!7.")
    services = open_services(config)
    project = project_of(services, found["project"])
    with session(services.store) as reading:
        stored = receipts.latest(reading, project.id, int(found["iid"]))
    if stored is None:
        raise MergewardenError(
            f"there is no receipt of {project.path}!{found['iid']}", "One is issued with every verdict from now on."
        )
    spoken = Language(language) if language else services.policy().policy.language
    services.close()
    document = json.dumps(stored.envelope, indent=2) + "\n"
    if out is not None:
        with written_whole(out, "Choose another --out.") as stream:
            stream.write(document.encode("ascii"))
        print(f"receipt {stored.id} is in {out}")
        return 0
    if format == "json":
        print(document, end="")
        return 0
    envelope = Envelope.from_json(stored.envelope)
    print_receipt(read_statement(envelope.payload), stored.id, envelope.signatures[0].key_id, Console(), spoken)
    return 0


def run_verify(file: Path, *, keys: Sequence[Path], commit: str | None, repository: Path | None) -> int:
    """
    Check a receipt without asking anybody. Returns 0, or ``NOT_VALID`` and says what does not hold.

    Raises ``MergewardenError`` for what cannot be checked: a file, a key or a repository that cannot be read.
    """
    trusted = [load_public_key(place) for place in keys]
    envelope = _read(file)
    try:
        key = checked(envelope, trusted)
        receipt = read_statement(envelope.payload)
        done = ["signature"]
        if commit is not None:
            _check_commit(receipt, commit, repository)
            done.append("commit")
        if repository is not None:
            _check_files(receipt, repository)
            done.append("files")
    except InvalidReceipt as error:
        print(f"not valid: {error}")
        if error.hint:
            print(f"  {error.hint}")
        return NOT_VALID
    print(f"valid: {_about(receipt)}")
    print(f"  receipt {id_of(envelope.payload)}")
    print(f"  signed with key {key.id}")
    print(f"  commit {receipt.head}" + (f", compared with {receipt.base}" if receipt.base is not None else ""))
    print(f"  target branch {one_line(receipt.target_branch, 200)}")
    print(f"  policy {one_line(receipt.decision.policy_digest, 80)}")
    print(f"  checked: {', '.join(done)}")
    left = [
        f"{what} (--{option})" for what, option in (("commit", "commit"), ("files", "repository")) if what not in done
    ]
    if left:
        print(f"  not checked: {', '.join(left)}")
    return 0


def _about(receipt: Receipt) -> str:
    number = f"!{receipt.merge_request}" if receipt.merge_request is not None else ""
    outcome = receipt.decision.outcome.value.replace("_", " ")
    through = "lets it through" if receipt.decision.lets_through else "does not let it through"
    name = one_line(receipt.project.path, 200)
    return f"{name}{number}: {outcome}, {through}, decided {one_line(receipt.decision.at, 40)}"


def _read(file: Path) -> Envelope:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableReceipt(f"{file} cannot be read: {error.strerror or error}", "Name a receipt's file.") from None
    try:
        return read_envelope(raw)
    except UnreadableReceipt as error:
        raise UnreadableReceipt(
            f"{file}: {error}", "Get it again: mergewarden receipt show shop/backend!7 --out receipt.json"
        ) from None


def _check_commit(receipt: Receipt, commit: str, repository: Path | None) -> None:
    wanted = commit.lower()
    if not _COMMIT.fullmatch(wanted):
        if repository is None:
            raise MergewardenError(
                f"{one_line(commit, 100)!r} is not the full id of a commit",
                "Give all 40 (or 64) digits, or name the repository that knows it: --repository PATH.",
            )
        with LocalSource.open(repository) as source:
            wanted = source.resolve(commit)
    if wanted != receipt.head:
        raise InvalidReceipt(f"it is about commit {receipt.head} and not about {wanted}")


def _check_files(receipt: Receipt, repository: Path) -> None:
    with LocalSource.open(repository) as source:
        if not source.is_git:
            raise MergewardenError(f"{repository} is not a git repository", "Name one that has the commit.")
        for sha in (receipt.head, receipt.base):
            if sha is not None and not source.has_commit(sha):
                raise MergewardenError(
                    f"{repository} does not have commit {sha}",
                    f"Fetch it: git fetch origin {sha}",
                )
        problems = differences(source, receipt)
    if problems:
        more = f"; and {len(problems) - _MOST_SHOWN} more" if len(problems) > _MOST_SHOWN else ""
        raise InvalidReceipt(
            "its files are not those of the change: " + "; ".join(problems[:_MOST_SHOWN]) + more,
            "It is about another change, or the repository was altered.",
        )
