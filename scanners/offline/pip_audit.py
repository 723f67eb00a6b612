"""
Runs pip-audit against advisories in a file: ``python -m scanners.offline.pip_audit INPUTS``.

INPUTS holds ``advisories.json`` (a list of OSV documents) and ``requirements.N.txt``. An OSV endpoint on this process's
own loopback answers from the former; pip-audit asks it about each of the latter, and the answers go to standard output
as one report. pip-audit itself is as released; parts of its start that we do not use are left out, see ``_lighten``.
"""

from __future__ import annotations

import importlib.metadata
import json
import socket
import socketserver
import sys
import tempfile
import threading
import types
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from scanners import osv

_REQUEST_LIMIT = 64 * 1024


class _Endpoint(socketserver.ThreadingTCPServer):
    """The part of https://api.osv.dev/v1/query that pip-audit uses."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, advisories: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.by_package: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for advisory in advisories:
            for name in osv.packages_of(advisory):
                self.by_package[name].append(advisory)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Endpoint

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length", 0)), _REQUEST_LIMIT)
        question = json.loads(self.rfile.read(length))
        package = str(canonicalize_name(question["package"]["name"]))
        found = osv.matching(self.server.by_package.get(package, ()), package, question["version"])
        body = json.dumps({"vulns": [_only(advisory, package) for advisory in found]} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _only(advisory: Any, package: str) -> dict[str, Any]:
    """The advisory as far as it is about this package, under the spelling of the name that pip-audit compares with."""
    affected = [
        {**entry, "package": {**entry["package"], "name": package}}
        for entry in advisory["affected"]
        if package in osv.packages_of({"affected": [entry]})
    ]
    return {**advisory, "affected": affected}


def _lighten() -> None:
    """Leave out what makes pip-audit's start slow and is not used: CycloneDX output, and asking pip for its version."""
    version = types.ModuleType("pip_api._version")
    # pip_api starts a pip only to learn this (0.2 s). It need not even be installed where nothing is installed.
    try:
        installed = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        installed = "25.0"
    version.version = lambda: installed  # type: ignore[attr-defined]
    sys.modules["pip_api._version"] = version
    cyclonedx = types.ModuleType("pip_audit._format.cyclonedx")
    cyclonedx.CycloneDxFormat = type("CycloneDxFormat", (), {})  # type: ignore[attr-defined]
    sys.modules["pip_audit._format.cyclonedx"] = cyclonedx


def main(inputs: Path) -> int:
    """Audit every requirements file; returns the exit code: 0, or 2 when pip-audit gave no report."""
    endpoint = _Endpoint(json.loads((inputs / "advisories.json").read_bytes()))
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/v1/query"
    _lighten()
    from pip_audit._cli import audit

    dependencies: list[object] = []
    with tempfile.TemporaryDirectory() as folder:
        for requirements in sorted(inputs.glob("requirements.*.txt")):
            report = Path(folder) / f"{requirements.name}.json"
            sys.argv = ["pip-audit", "-r", str(requirements), "--no-deps", "--disable-pip", "-s", "osv"]
            sys.argv += ["--osv-url", url, "--progress-spinner", "off", "-f", "json", "--desc", "on", "--aliases", "on"]
            sys.argv += ["--cache-dir", folder, "-o", str(report)]
            try:
                audit()
            except SystemExit as end:
                # 1 is "vulnerabilities found" and "failed" alike: only the report tells them apart.
                if end.code not in (0, 1, None):
                    return 2
            if not report.is_file():
                return 2
            dependencies += json.loads(report.read_bytes())["dependencies"]
    json.dump({"dependencies": dependencies}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
