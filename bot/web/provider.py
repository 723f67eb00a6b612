"""
A provider of OpenID Connect, asked when somebody signs in: the authorisation code flow with PKCE (S256).

https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.reports.visible import one_line
from bot.settings import OidcAccess
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.signin import Identity, Pending, away, refused

log = structlog.get_logger("mergewarden.desk")

# Asymmetric only: with HS256 whoever knows the client secret could make tokens, and "none" signs nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_SCOPE = "openid profile"
_TIMEOUT = (5.0, 10.0)
_LARGEST = 512 * 1024
_METADATA_AGE = timedelta(hours=1)
_KEYS_AGE = timedelta(minutes=1)
"""A key that is not known has the keys read again, but not more often than this."""
_LEEWAY = 60
"""Seconds that the clocks may differ."""
_LONGEST_SUBJECT = 255


class Provider:
    """One provider. Thread-safe; asked when somebody signs in, never when we start."""

    def __init__(
        self,
        access: OidcAccess,
        *,
        session: Callable[[], requests.Session] = requests.Session,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.access = access
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    @property
    def label(self) -> str:
        """How people call it."""
        return self.access.label

    def address(self, pending: Pending) -> str:
        """Where to send the browser. Raises ``Problem`` 503 when the provider is away."""
        metadata = self.metadata()
        client = self._client(metadata)
        with client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(url)

    def identity(self, code: str, pending: Pending) -> Identity:
        """
        Who signed in. Raises ``Problem``: 503 when the provider is away, 403 for a word of it that does not hold.
        """
        metadata = self.metadata()
        with self._client(metadata) as client:
            try:
                answer = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=pending.verifier,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    verify=self._verify,
                )
            except requests.RequestException as error:
                raise self._is_away(error) from error
            except (AuthlibBaseError, ValueError) as error:
                # The provider's own words may quote the code.
                log.warning("the provider gave no token", error=type(error).__name__)
                raise refused(N_("the provider did not accept the code")) from error
            claims = self._claims(answer, metadata, pending.nonce)
            return self._named(claims, answer, metadata)

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _verify(self) -> str | bool:
        return str(self.access.ca_file) if self.access.ca_file is not None else True

    def _client(self, metadata: Mapping[str, Any]) -> OAuth2Session:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        client = OAuth2Session(
            self.access.client_id,
            self.access.client_secret.get_secret_value(),
            scope=_SCOPE,
            redirect_uri=self.access.redirect_url,
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
        )
        client.adapters.update(self._session().adapters)
        return client

    def metadata(self) -> Mapping[str, Any]:
        """What the provider says about itself, read once an hour. Raises ``Problem`` 503."""
        now = self._clock()
        with self._lock:
            known = self._metadata
        if known is not None and now - known[0] < _METADATA_AGE:
            return known[1]
        found = self._get(get_well_known_url(self.access.issuer, external=True))
        try:
            self._check_metadata(found)
        except ValueError as error:
            log.warning("what the provider says about itself cannot be used", problem=str(error))
            raise away(self.label) from error
        with self._lock:
            self._metadata = (now, found)
        return found

    def _check_metadata(self, found: Mapping[str, Any]) -> None:
        if found.get("issuer") != self.access.issuer:
            raise ValueError(f"it calls itself {one_line(str(found.get('issuer')), 200)!r}, not {self.access.issuer!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            parts = urlsplit(str(found.get(name, "")))
            local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
            if not (parts.hostname and (parts.scheme == "https" or local)):
                raise ValueError(f"its {name} is no https address")

    def _get(self, url: str, token: str | None = None) -> Mapping[str, Any]:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with (
                self._session() as session,
                session.get(
                    url, headers=headers, timeout=_TIMEOUT, allow_redirects=False, stream=True, verify=self._verify
                ) as response,
            ):
                if response.status_code != 200:
                    raise requests.HTTPError(f"it answered {response.status_code}")
                raw = response.raw.read(_LARGEST + 1, decode_content=True)
            if len(raw) > _LARGEST:
                raise requests.HTTPError("its answer is too long")
            document = json.loads(raw)
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            raise self._is_away(error) from error
        if not isinstance(document, dict):
            raise self._is_away(ValueError("its answer is no object"))
        return document

    def _is_away(self, error: Exception) -> Problem:
        log.warning(
            "the provider of sign-ins does not answer", issuer=self.access.issuer, error=one_line(str(error), 300)
        )
        return away(self.label)

    def _key_set(self, metadata: Mapping[str, Any], *, newer_than: datetime | None = None) -> tuple[datetime, KeySet]:
        now = self._clock()
        with self._lock:
            known = self._keys
        if known is not None:
            age = now - known[0]
            if age < _METADATA_AGE and (newer_than is None or age < _KEYS_AGE):
                return known
        document = self._get(metadata["jwks_uri"])
        try:
            keys = KeySet.import_key_set({"keys": [key for key in document["keys"] if key.get("use", "sig") == "sig"]})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._is_away(ValueError("its keys cannot be read")) from error
        with self._lock:
            self._keys = (now, keys)
        return now, keys

    def _claims(self, answer: Mapping[str, Any], metadata: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        text = answer.get("id_token")
        if not isinstance(text, str) or len(text) > _LARGEST:
            raise refused(N_("the provider sent no identity token"))
        read_at, keys = self._key_set(metadata)
        try:
            token = self._decoded(text, keys)
        except (JoseError, ValueError):
            # The provider may have changed its key since we read it.
            _, keys = self._key_set(metadata, newer_than=read_at)
            try:
                token = self._decoded(text, keys)
            except (JoseError, ValueError) as error:
                log.warning("an identity token is not signed by the provider", error=one_line(str(error), 200))
                raise refused(N_("the identity token is not signed by the provider")) from error
        access = self.access
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": access.issuer},
                "aud": {"essential": True, "value": access.client_id},
                "sub": {"essential": True},
            },
            params={"nonce": nonce, "client_id": access.client_id, "access_token": answer.get("access_token")},
        )
        try:
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError) as error:
            log.warning("an identity token does not hold", error=one_line(str(error), 200))
            raise refused(N_("the identity token is not for this sign-in")) from error
        # The library takes any of several readers of a token; we take it when it is for us alone.
        if token.claims.get("aud") not in (access.client_id, [access.client_id]) or token.claims.get("nonce") != nonce:
            raise refused(N_("the identity token is not for this sign-in"))
        return token.claims

    def _decoded(self, text: str, keys: KeySet) -> jwt.Token:
        return jwt.decode(text, keys, algorithms=ALGORITHMS)

    def _named(self, claims: Mapping[str, Any], answer: Mapping[str, Any], metadata: Mapping[str, Any]) -> Identity:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise refused(N_("the identity token names nobody"))
        username = _word(claims, "preferred_username", "nickname")
        name = _word(claims, "name")
        place, token = metadata.get("userinfo_endpoint"), answer.get("access_token")
        if not username and isinstance(place, str) and isinstance(token, str):
            parts = urlsplit(place)
            if parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1"):
                info = self._get(place, token)
                # https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse: it must be about the same one.
                if info.get("sub") != subject:
                    raise refused(N_("the provider tells of two different people"))
                username, name = _word(info, "preferred_username", "nickname"), name or _word(info, "name")
        number: int | None = None
        if self.access.is_gitlab:
            if not (subject.isascii() and subject.isdecimal() and len(subject) <= 18):
                raise refused(N_("GitLab names no user number"))
            number = int(subject)
        return Identity(self.access.issuer, subject, username or subject[:100], name, number)


def _word(claims: Mapping[str, Any], *names: str) -> str:
    """The first of these claims that is a text, on one line and without anything that cannot be seen."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and value.strip():
            return one_line(value.strip(), 100)
    return ""
