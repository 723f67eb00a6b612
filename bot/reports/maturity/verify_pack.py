"""
Checks an unpacked evidence pack: every file against manifest.json, by size and SHA-256.

    python3 verify.py [FOLDER]                    the folder that this file lies in, without one
    python3 verify.py [FOLDER] --signature DIR

It needs Python 3.8 or later and nothing else. It says nothing of the signature: whoever changes a file can change the
manifest too. The second form writes into DIR what OpenSSL 3 checks the signature with, and says how.

This file is part of the pack and may have been changed with it: compare it with one from elsewhere, or use
mergewarden evidence verify.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

MANIFEST = "manifest.json"
ENVELOPE = "manifest.dsse.json"


def digest(place: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    size, sha256 = 0, hashlib.sha256()
    with place.open("rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            size += len(chunk)
            sha256.update(chunk)
    return size, sha256.hexdigest()


def check(folder: Path) -> list[str]:
    """What is wrong, one line for each file."""
    listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    wanted = {one["path"]: (one["size"], one["sha256"]) for one in listed}
    found = []
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        if (place.is_dir() and not place.is_symlink()) or name in (MANIFEST, ENVELOPE):
            continue
        if name not in wanted:
            found.append(f"{name} was added: the manifest does not name it")
        elif place.is_symlink() or not place.is_file() or digest(place) != tuple(wanted[name]):
            found.append(f"{name} was changed: it is not what the manifest says")
        wanted.pop(name, None)
    return found + [f"{name} is missing" for name in wanted]


def signed_digest(folder: Path) -> str:
    """The SHA-256 of the manifest that the statement in the envelope speaks of."""
    payload = json.loads((folder / ENVELOPE).read_text(encoding="utf-8"))["payload"]
    return str(json.loads(base64.b64decode(payload))["subject"][0]["digest"]["sha256"])


def write_signature(folder: Path, target: Path) -> None:
    """Write what was signed and its signature as files: DSSE's pre-authentication encoding, and 64 bytes."""
    envelope = json.loads((folder / ENVELOPE).read_text(encoding="utf-8"))
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode("utf-8")
    target.mkdir(parents=True, exist_ok=True)
    (target / "signed.bin").write_bytes(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
    (target / "signature.bin").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))


def main(arguments: list[str]) -> int:
    """0 for a whole pack, 1 for one that is not, 2 for what is none."""
    target = None
    if "--signature" in arguments:
        place = arguments.index("--signature")
        if place + 1 >= len(arguments):
            print("--signature needs a folder", file=sys.stderr)
            return 2
        target = Path(arguments[place + 1])
        del arguments[place : place + 2]
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        found = check(folder)
        if signed_digest(folder) != digest(folder / MANIFEST)[1]:
            found.append(f"{MANIFEST} was changed: it is not the one that was signed")
        if target is not None:
            write_signature(folder, target)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"{folder} holds no evidence pack: {error}", file=sys.stderr)
        return 2
    for line in found:
        print(line.encode("unicode_escape").decode("ascii") if not line.isprintable() else line)
    print(f"broken: {len(found)} things are wrong" if found else "every file is as the manifest says")
    if target is not None:
        print("the signature fits when this says so (KEY.pem from mergewarden receipt key):")
        print(
            f"  openssl pkeyutl -verify -pubin -inkey KEY.pem -rawin -in {target / 'signed.bin'} "
            f"-sigfile {target / 'signature.bin'}"
        )
    else:
        print("the signature was not checked")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
