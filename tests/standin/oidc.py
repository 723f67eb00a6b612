"""
A provider of OpenID Connect in memory, asked through a ``requests`` adapter: no network, no other process.

It keeps to the standard where it matters to whoever signs in, and can be told to break it in one place each.
``serve`` answers the same over HTTP for tests with a real browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse


@dataclass
class Grant:
    """What a code stands for."""

    subject: str
    nonce: str
    challenge: str
    redirect_uri: str


@dataclass
class StandInProvider:
    """One provider with one application and the people that it knows by subject."""

    issuer: str = "https://gitlab.example.org"
    client_id: str = "the-application"
    client_secret: str = "the-secret-of-the-application"
    people: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"7": {"preferred_username": "ada", "name": "Ada"}}
    )
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    signed_in: str = "7"
    """Whom the next visitor of the authorisation page is."""
    away: bool = False
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over the identity token's; None takes one out."""
    header: dict[str, Any] = field(default_factory=dict)
    forge: str = ""
    """``none``, ``hs256`` or ``stranger``: how the identity token is signed wrongly."""
    metadata: dict[str, Any] = field(default_factory=dict)
    names_in_token: bool = True
    asked: list[str] = field(default_factory=list)
    """Paths of all requests."""

    def __post_init__(self) -> None:
        self.key = _first_key()
        self.grants: dict[str, Grant] = {}
        self.access: dict[str, str] = {}

    def new_key(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def authorize(self, url: str) -> str:
        """What a browser does there: it signs in, and is sent to the address that is returned."""
        query = dict(parse_qsl(urlsplit(url).query))
        assert query["response_type"] == "code"
        assert query["client_id"] == self.client_id
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(self.signed_in, query["nonce"], query["code_challenge"], query["redirect_uri"])
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def answer(self, method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, Any]:
        """One request of the application: status and document."""
        path = urlsplit(url).path
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/oauth/authorize",
                "token_endpoint": f"{self.issuer}/oauth/token",
                "jwks_uri": f"{self.issuer}/oauth/discovery/keys",
                "userinfo_endpoint": f"{self.issuer}/oauth/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                **self.metadata,
            }
        if path == "/oauth/discovery/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/oauth/userinfo":
            subject = self.access.get(headers.get("authorization", "").removeprefix("Bearer "), "")
            return (200, {"sub": subject, **self.people[subject]}) if subject else (401, {})
        if path == "/oauth/token" and method == "POST":
            return self._token(headers, dict(parse_qsl(body)))
        return 404, {}

    def _token(self, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if headers.get("authorization") != f"Basic {basic}":
            return 401, {"error": "invalid_client"}
        # A code is good once.
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or form.get("redirect_uri") != grant.redirect_uri:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            return 400, {"error": "invalid_grant", "error_description": "the verifier does not fit"}
        access = secrets.token_urlsafe(16)
        self.access[access] = grant.subject
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self._identity(grant)}

    def _identity(self, grant: Grant) -> str:
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": grant.subject,
            "nonce": grant.nonce,
            "iat": now,
            "exp": now + 120,
            **(self.people[grant.subject] if self.names_in_token else {}),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        if self.forge == "none":
            parts = [json.dumps(part).encode() for part in ({**header, "alg": "none"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if self.forge == "hs256":
            key = OctKey.import_key(self.client_secret)
            return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, key, algorithms=["HS256"])
        if self.forge == "stranger":
            return jwt.encode(header, claims, _strangers_key(str(self.key.kid)))
        return jwt.encode(header, claims, self.key)

    def session(self) -> requests.Session:
        """A session that reaches this provider and nothing else."""
        made = requests.Session()
        for prefix in ("https://", "http://"):
            made.mount(prefix, _Adapter(self))
        return made


@cache
def _first_key() -> RSAKey:
    """Made once for all: every test of the web has a provider, and making a key takes longer than signing in."""
    return RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


@cache
def _strangers_key(kid: str) -> RSAKey:
    """Somebody else's key of that name."""
    return RSAKey.generate_key(2048, {"kid": kid})


class _Adapter(BaseAdapter):
    def __init__(self, provider: StandInProvider) -> None:
        super().__init__()
        self._provider = provider

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        if self._provider.away:
            raise requests.ConnectionError("nobody answers")
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        status, document = self._provider.answer(request.method or "GET", request.url or "", headers, body)
        response = requests.Response()
        response.status_code = status
        response.url = request.url or ""
        response.headers["Content-Type"] = "application/json"
        response.raw = HTTPResponse(BytesIO(json.dumps(document).encode()), preload_content=False, status=status)
        return response

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def serve(provider: StandInProvider, port: int = 0) -> Iterator[str]:
    """The provider over HTTP on this machine, with a page that has one button; its issuer becomes the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path == "/oauth/authorize":
                place = provider.authorize(self.path).replace("&", "&amp;")
                page = f'<!doctype html><title>Stand-in</title><h1>Stand-in</h1><a id="allow" href="{place}">Allow</a>'
                self._send(200, "text/html", page.encode())
                return
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("content-length", "0"))).decode())

        def _answer(self, body: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = provider.answer(self.command, self.path, headers, body)
            self._send(status, "application/json", json.dumps(document).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider.issuer
    finally:
        server.shutdown()
        server.server_close()
