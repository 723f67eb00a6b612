"""
Every setting of Mergewarden: where it comes from, what it may be, and what to say when it is wrong.

A setting named ``gitlab_url`` is read from the environment as ``MERGEWARDEN_GITLAB_URL`` and from a TOML file as
``gitlab_url``; the environment wins. Secrets are also read from files: ``MERGEWARDEN_GITLAB_TOKEN_FILE=/run/secrets/x``
or ``gitlab_token_file = "..."``. The TOML file is the one that ``MERGEWARDEN_CONFIG`` names, or else the first
``mergewarden.toml`` in the working directory (where the caller allows that) and the data directory.

This is the only module that touches ``os.environ``.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import fnmatch
import os
import re
import socket
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigurationError
from bot.texts import N_, Language

PREFIX = "MERGEWARDEN_"
CONFIG_FILE_NAME = "mergewarden.toml"
SIGNING_TOKEN_PREFIX = "whsec_"  # noqa: S105 - the public prefix, not a token
SIGNING_KEY_BYTES = 32
_SYSTEM_DATA_DIR = Path("/var/lib/mergewarden")
_SECRET_LIKE = re.compile(r"(?<=//)[^/@\s]+(?=@)|\b(?:gl[a-z]{2,5}-|whsec_|mwt_)[\w.+/=-]{6,}")
_SECRET_FILE_LIMIT = 64 * 1024
_CONFIG_FILE_LIMIT = 1024 * 1024


# --- What a value may be ----------------------------------------------------------------------------------------------


def _parsed(url: str) -> SplitResult:
    """The parts of a URL. Raises ``ValueError`` with a text of our own: Python's repeats the password."""
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError("it is no URL: look for brackets and for characters that only look like : / ? # @") from None


def _web_url(text: str) -> str:
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("it contains white space or control characters")
    parts = _parsed(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("it must start with https:// or http://")
    if not parts.hostname:
        raise ValueError("it has no host name")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is not a number from 0 to 65535") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not carry a user name or password")
    if parts.query or parts.fragment:
        raise ValueError("it must not have a query or fragment")
    return text.rstrip("/")


def _issuer(text: str) -> str:
    # Not stripped of its slash: tokens have to name the issuer exactly as it calls itself.
    _web_url(text)
    parts = urlsplit(text)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("it must start with https://: who could change the answers could sign in as anybody")
    return text


def _gitlab_url(text: str) -> str:
    url = _web_url(text)
    if url.endswith("/api/v4"):
        raise ValueError("leave out /api/v4: the base address is enough")
    return url


def _header_safe(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("it must be printable ASCII without spaces, because it travels in an HTTP header")
    return secret


def _webhook_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < 8:
        raise ValueError("it is shorter than 8 characters, so it could be guessed")
    return _header_safe(secret)


def _hook_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < 32:
        raise ValueError("it is shorter than 32 characters, and whoever guesses it lets everything through")
    return _header_safe(secret)


def signing_key(token: SecretStr) -> bytes:
    """
    The 32 key bytes in a GitLab signing token.

    The text is ``whsec_`` and the standard base64 of the key, as Standard Webhooks has it
    (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). Raises ``ValueError``
    without the token's value in its text.
    """
    text = token.get_secret_value()
    if not text.startswith(SIGNING_TOKEN_PREFIX):
        raise ValueError(f"it must start with {SIGNING_TOKEN_PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(SIGNING_TOKEN_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {SIGNING_TOKEN_PREFIX} is not base64") from None
    if len(key) != SIGNING_KEY_BYTES:
        raise ValueError(f"it holds a key of {len(key)} bytes; GitLab makes {SIGNING_KEY_BYTES}")
    return key


def _signing_token(token: SecretStr) -> SecretStr:
    signing_key(token)
    return token


def _database_url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise ValueError("it is not a URL")
    try:
        _ = urlsplit(text).port
    except ValueError:
        raise ValueError("its host or port cannot be read") from None
    if scheme == "sqlite":
        if not rest.startswith("/") or rest == "/":
            raise ValueError("a SQLite URL needs a file: three slashes for a relative path, four for an absolute one")
        return secret
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        if not rest:
            raise ValueError("it names no server")
        return SecretStr(f"postgresql+psycopg://{rest}")
    known = re.sub(r"[^a-z0-9+]", "", scheme.lower())[:30]
    raise ValueError(f"{known} is not supported: use sqlite or postgresql")


_MAIL_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


def _smtp_url(secret: SecretStr) -> SecretStr:
    parts = _parsed(secret.get_secret_value())
    if parts.scheme not in _MAIL_PORTS:
        raise ValueError("it must start with smtp:// (STARTTLS), smtps:// (TLS), or smtp+plain:// (not encrypted)")
    if not parts.hostname:
        raise ValueError("it has no host name")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is not a number from 0 to 65535") from None
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it must end after host and port")
    return secret


def _mail_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>\",;:\\()\[\]]+@[A-Za-z0-9.-]+", text, re.ASCII):
        raise ValueError("it is not an e-mail address without a name, such as mergewarden@example.com")
    return text


def _project_path(text: str) -> str:
    path = text.strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+", path):
        raise ValueError("it is not a full path: group and project with a slash between, not an address")
    return path


def _existing_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def _language(value: object) -> object:
    if isinstance(value, str):
        return {"zh": "zh-CN", "zh-cn": "zh-CN", "en": "en"}.get(value.replace("_", "-").lower(), value)
    return value


def _globs(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _home(value: object) -> object:
    if not isinstance(value, str) or not value.startswith("~"):
        return value
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user's home directory") from None


AnyPath = Annotated[Path, BeforeValidator(_home)]
FilePath = Annotated[Path, BeforeValidator(_home), AfterValidator(_existing_file)]


# --- The settings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GitLabAccess:
    """What it takes to talk to GitLab; ``Settings.require_gitlab`` makes it."""

    url: str
    """Base address without a slash at the end."""
    token: SecretStr
    ca_file: Path | None
    """PEM file of the authority that signed GitLab's certificate; None for the system's own."""


@dataclass(frozen=True, slots=True)
class WebhookAuthentication:
    """How deliveries prove that they come from GitLab; at least one of secret and signing token is set."""

    secret: SecretStr | None
    signing_token: SecretStr | None
    require_signature: bool
    max_age_seconds: int


@dataclass(frozen=True, slots=True)
class OidcAccess:
    """A provider of OpenID Connect that people sign in with; ``Settings.oidc`` makes it."""

    issuer: str
    """As the provider writes it in its tokens."""
    client_id: str
    client_secret: SecretStr
    label: str
    """How people call it."""
    is_gitlab: bool
    """Whether it is the GitLab whose projects we look after, so that it knows people by the same numbers."""
    ca_file: Path | None
    """PEM file of the authority that signed its certificate; None for the system's own."""
    redirect_url: str
    """Where it sends people back to."""


@dataclass(frozen=True, slots=True)
class MailAccess:
    """A server that takes e-mail; ``Settings.mail`` makes it."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    """Empty for a server that asks nobody who he is."""
    password: SecretStr
    sender: str
    """The address that messages come from."""
    ca_file: Path | None
    """PEM file of the authority that signed its certificate; None for the system's own."""


SIGN_IN_CALLBACK = "/sign-in/callback"


class Settings(BaseSettings):
    """
    All settings, checked. Build it with ``load_settings``; tests may call ``Settings(data_dir=...)``.

    Each field's description says what it expects and its example shows one: errors print both.
    """

    # Inputs are hidden so that no secret can get into a traceback.
    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    gitlab_url: Annotated[str, AfterValidator(_gitlab_url)] | None = Field(
        None, description=N_("the address of GitLab, without /api/v4"), examples=["https://gitlab.example.com"]
    )
    gitlab_token: Annotated[SecretStr, AfterValidator(_header_safe)] | None = Field(
        None,
        description=N_("an access token with the scope `api` and the role Developer or higher"),
        examples=["glpat-..."],
    )
    gitlab_ca_file: FilePath | None = Field(
        None,
        description=N_("a PEM file with the authority that signed GitLab's certificate"),
        examples=["/etc/ssl/certs/company-ca.pem"],
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = Field(
        None,
        description=N_("the webhook's secret token, at least 8 characters (`openssl rand -hex 32` makes a good one)"),
        examples=["6f1d..."],
    )
    webhook_signing_token: Annotated[SecretStr, AfterValidator(_signing_token)] | None = Field(
        None,
        description=N_("the webhook's signing token (GitLab 19.0 and later): whsec_ and the base64 of 32 bytes"),
        examples=["whsec_..."],
    )
    require_signature: bool = Field(
        False, description=N_("true to refuse deliveries that are not signed, false to accept the secret token too")
    )
    webhook_max_age_seconds: int = Field(
        300, ge=10, le=86_400, description=N_("how old a signed delivery may be, 10 to 86400 seconds"), examples=["300"]
    )
    hook_secret: Annotated[SecretStr, AfterValidator(_hook_secret)] | None = Field(
        None,
        description=N_(
            "the secret that the pre-receive hook on GitLab's server shares with us, at least 32 characters "
            "(`openssl rand -hex 32` makes a good one)"
        ),
        examples=["9b2e..."],
    )
    hook_unknown_projects: Literal["allow", "refuse"] = Field(
        "allow",
        description=N_("what the pre-receive hook does with projects that are not served: allow or refuse"),
        examples=["allow"],
    )
    data_dir: AnyPath = Field(
        default_factory=lambda: default_data_dir(os.environ),
        description=N_("a folder for the database, the git mirrors and caches"),
        examples=["/var/lib/mergewarden"],
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] | None = Field(
        None,
        description=N_("a SQLite or PostgreSQL URL; without it a SQLite file in the data directory"),
        examples=["postgresql://mergewarden:password@db.example.com/mergewarden"],
    )
    policy_project: Annotated[str, AfterValidator(_project_path)] | None = Field(
        None,
        description=N_("the full path of the GitLab project that holds the gate policy; goes before a policy file"),
        examples=["security/policies"],
    )
    policy_file: FilePath | None = Field(
        None,
        description=N_("a gate policy; without it the one that comes with Mergewarden"),
        examples=["/etc/policy.yaml"],
    )
    rules_project: Annotated[str, AfterValidator(_project_path)] | None = Field(
        None,
        description=N_(
            "the full path of the GitLab project that holds the organisation's own rules; goes before a folder"
        ),
        examples=["security/rules"],
    )
    rules_folder: AnyPath | None = Field(
        None, description=N_("a folder with the organisation's own rules"), examples=["/etc/mergewarden/rules"]
    )
    rules_switch_on: Literal["manual", "automatic"] = Field(
        "manual",
        description=N_("whether a new version of those rules waits for a person, after its trial: manual or automatic"),
        examples=["automatic"],
    )
    signing_key_file: AnyPath | None = Field(
        None,
        description=N_(
            "a PEM file with the Ed25519 private key that signs receipts; without it one is made in the data directory"
        ),
        examples=["/run/secrets/receipts.pem"],
    )
    language: Annotated[Language, BeforeValidator(_language)] = Field(
        Language.ENGLISH, description=N_("the language of comments and reports: en or zh-CN"), examples=["zh-CN"]
    )
    public_url: Annotated[str, AfterValidator(_web_url)] | None = Field(
        None,
        description=N_("the address at which people reach Mergewarden, for links in commit statuses"),
        examples=["https://mergewarden.example.com"],
    )
    outgoing_allow_local: bool = Field(
        False,
        description=N_(
            "true to let outgoing webhooks and chats reach this host, link-local addresses and metadata services"
        ),
        examples=["true"],
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(
        None,
        description=N_(
            "the mail server that summaries are sent by: smtp:// with STARTTLS, smtps:// with TLS, or smtp+plain://"
        ),
        examples=["smtp://user:password@mail.example.com:587"],
    )
    mail_from: Annotated[str, AfterValidator(_mail_address)] | None = Field(
        None, description=N_("the address that summaries come from"), examples=["mergewarden@example.com"]
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        None,
        description=N_("the provider of OpenID Connect that people sign in with; GitLab's own address for GitLab"),
        examples=["https://gitlab.example.com"],
    )
    oidc_client_id: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        pattern=r"^[!-~]+$",
        description=N_("the application's id at that provider"),
        examples=["4f8c..."],
    )
    oidc_client_secret: Annotated[SecretStr, AfterValidator(_header_safe)] | None = Field(
        None, description=N_("the application's secret at that provider"), examples=["gloas-..."]
    )
    oidc_label: str = Field(
        "", max_length=60, description=N_("what the sign-in page calls that provider"), examples=["Company login"]
    )
    oidc_ca_file: FilePath | None = Field(
        None,
        description=N_(
            "a PEM file with the authority that signed that provider's certificate; for GitLab gitlab_ca_file is taken"
        ),
        examples=["/etc/ssl/certs/company-ca.pem"],
    )
    session_idle_hours: int = Field(
        8, ge=1, le=168, description=N_("hours without a request after which a sign-in ends, 1 to 168"), examples=["8"]
    )
    session_hours: int = Field(
        24, ge=1, le=720, description=N_("hours after which a sign-in ends in any case, 1 to 720"), examples=["24"]
    )
    status_name: str = Field(
        "mergewarden",
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/:-]*$",
        description=N_("the name of the commit status: letters, digits, spaces and . _ / : -"),
        examples=["mergewarden"],
    )
    projects: Annotated[tuple[str, ...], BeforeValidator(_globs)] = Field(
        (),
        description=N_("the projects to serve, as patterns of full paths where * also crosses /; empty for all"),
        examples=["platform/*,shop/backend"],
    )
    workers: int = Field(2, ge=1, le=64, description=N_("how many jobs run at once, 1 to 64"), examples=["4"])
    reconcile_interval_seconds: int = Field(
        300,
        ge=10,
        le=86_400,
        description=N_("seconds between two searches for merge requests that no webhook announced, 10 to 86400"),
        examples=["300"],
    )
    nightly_hour: int = Field(
        2,
        ge=0,
        le=23,
        description=N_("hour (UTC) from which on changed advisories and rules judge default branches anew, 0 to 23"),
        examples=["2"],
    )
    maturity_folder: AnyPath | None = Field(
        None,
        description=N_("a folder with the organisation's own maturity models"),
        examples=["/etc/mergewarden/maturity"],
    )
    maturity_model: str = Field(
        "engineering",
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description=N_("the maturity model whose score is shown on merge requests, by its id"),
        examples=["engineering"],
    )
    maturity_history_days: int = Field(
        90,
        ge=1,
        le=1_100,
        description=N_("days that the first collection of a project's pipelines, merges and releases looks back on"),
        examples=["365"],
    )
    scan_timeout_seconds: int = Field(
        600, ge=5, le=86_400, description=N_("seconds one scanner may take, 5 to 86400"), examples=["600"]
    )
    scanner_memory_mb: int = Field(
        2048, ge=128, le=1_048_576, description=N_("MiB of memory one scanner may use, at least 128"), examples=["4096"]
    )
    max_file_bytes: int = Field(
        5_000_000,
        ge=1_000,
        le=100_000_000,
        description=N_("bytes of the largest file that is scanned, 1000 to 100000000"),
        examples=["1000000"],
    )
    max_changed_files: int = Field(
        3_000,
        ge=1,
        le=1_000_000,
        description=N_("changed files of one merge request that are scanned, 1 to 1000000"),
        examples=["3000"],
    )
    max_report_bytes: int = Field(
        1024**3,
        ge=1_000,
        le=1024**4,
        description=N_("bytes of the largest report of another tool that is imported, 1000 to 1099511627776"),
        examples=["1073741824"],
    )
    log_format: Literal["json", "console"] = Field("json", description=N_("json or console"), examples=["console"])
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description=N_("DEBUG, INFO, WARNING or ERROR"), examples=["INFO"]
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the other sources are not wanted, whatever they are
        cls, _: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller passes: ``load_settings`` brings sources of its own."""
        return (init_settings,)

    def origin(self, name: str) -> str:
        """Where a setting's value is from: a variable, an option or a key of a file; empty for our own default."""
        return self._origins.get(name, "")

    def has_own_rules(self) -> bool:
        """Whether the organisation has rules of its own."""
        return self.rules_project is not None or self.rules_folder is not None

    def require_gitlab(self) -> GitLabAccess:
        """What the API needs. Raises ``ConfigurationError`` that lists what is missing."""
        _raise_if_any([_missing(name) for name in ("gitlab_url", "gitlab_token") if getattr(self, name) is None])
        assert self.gitlab_url is not None
        assert self.gitlab_token is not None
        return GitLabAccess(self.gitlab_url, self.gitlab_token, self.gitlab_ca_file)

    def require_webhook(self) -> WebhookAuthentication:
        """How deliveries are checked. Raises ``ConfigurationError`` when none could be."""
        if self.webhook_signing_token is None and (self.webhook_secret is None or self.require_signature):
            problem = "deliveries could not be told from forgeries without a webhook secret or signing token"
            if self.require_signature:
                problem = "MERGEWARDEN_REQUIRE_SIGNATURE is true, and there is nothing to check signatures with"
            names = ["webhook_signing_token"] if self.require_signature else ["webhook_secret"]
            _raise_if_any([_missing(name, problem) for name in names])
        return WebhookAuthentication(
            self.webhook_secret, self.webhook_signing_token, self.require_signature, self.webhook_max_age_seconds
        )

    def oidc(self) -> OidcAccess | None:
        """
        The provider that people sign in with; None where none is configured.

        Raises ``ConfigurationError`` that lists what is missing where some of its settings are there.
        """
        needed = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
        if all(getattr(self, name) is None for name in needed):
            return None
        _raise_if_any([_missing(name) for name in (*needed, "public_url") if getattr(self, name) is None])
        assert self.oidc_issuer is not None
        assert self.oidc_client_id is not None
        assert self.oidc_client_secret is not None
        is_gitlab = self.gitlab_url is not None and self.oidc_issuer.rstrip("/").lower() == self.gitlab_url.lower()
        host = urlsplit(self.oidc_issuer).hostname or ""
        return OidcAccess(
            self.oidc_issuer,
            self.oidc_client_id,
            self.oidc_client_secret,
            self.oidc_label or ("GitLab" if is_gitlab else host),
            is_gitlab,
            self.oidc_ca_file or (self.gitlab_ca_file if is_gitlab else None),
            f"{self.public_url}{SIGN_IN_CALLBACK}",
        )

    def mail(self) -> MailAccess | None:
        """
        The server that takes e-mail; None where none is configured.

        Raises ``ConfigurationError`` that says what is missing where only one of its settings is there.
        """
        needed = ("smtp_url", "mail_from")
        if all(getattr(self, name) is None for name in needed):
            return None
        _raise_if_any([_missing(name) for name in needed if getattr(self, name) is None])
        assert self.smtp_url is not None
        assert self.mail_from is not None
        parts = urlsplit(self.smtp_url.get_secret_value())
        security: dict[str, Literal["starttls", "tls", "none"]] = {
            "smtp": "starttls",
            "smtps": "tls",
            "smtp+plain": "none",
        }
        return MailAccess(
            parts.hostname or "",
            parts.port or _MAIL_PORTS[parts.scheme],
            security[parts.scheme],
            unquote(parts.username or ""),
            SecretStr(unquote(parts.password or "")),
            self.mail_from,
            self.gitlab_ca_file,
        )

    def database(self) -> SecretStr:
        """SQLAlchemy URL of the store: the configured one, or a SQLite file in the data directory."""
        if self.database_url is not None:
            return self.database_url
        return SecretStr(f"sqlite:///{self.data_dir.absolute() / 'mergewarden.db'}")

    def metrics_directory(self) -> Path:
        """Folder in which the processes of this host share their metrics (``Metrics.shared``)."""
        # Process ids mean something within one host or container only, and a data directory can be a shared volume.
        return self.data_dir / "metrics" / socket.gethostname()

    def serves(self, project_path: str) -> bool:
        """Whether a project is one of ours. Compares without case, as GitLab's paths do."""
        path = project_path.lower()
        return not self.projects or any(fnmatch.fnmatchcase(path, pattern.lower()) for pattern in self.projects)

    def secrets(self) -> tuple[str, ...]:
        """Every secret text that must never be logged, also in the form it has within URLs."""
        values = []
        for name in SECRET_FIELDS:
            secret: SecretStr | None = getattr(self, name)
            if secret is not None:
                text = secret.get_secret_value()
                values.append((urlsplit(text).password or "") if name in _URL_FIELDS else text)
        return tuple(dict.fromkeys(form for v in values if v for form in (v, quote(v, safe=""), unquote(v))))


def _fields_of(kind: type) -> tuple[str, ...]:
    """Settings whose value is of this type, where they have one."""
    return tuple(
        name for name, info in Settings.model_fields.items() if kind in (info.annotation, *_parts(info.annotation))
    )


def _parts(annotation: object) -> Iterator[object]:
    for part in get_args(annotation):
        yield part
        yield from _parts(part)


SECRET_FIELDS = _fields_of(SecretStr)
"""Settings whose value nobody may see; each can be given as a file, too."""
_URL_FIELDS = ("database_url", "smtp_url")
"""Those of them that are secret because of the password in them."""
_PATH_FIELDS = _fields_of(Path)


def word_of(value: object) -> str:
    """A setting's value, which is no secret, as people write it; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Language):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list, frozenset)):
        return ", ".join(word_of(one) for one in value)
    return str(value)


# --- Where values come from -------------------------------------------------------------------------------------------


class _Layer(PydanticBaseSettingsSource):
    """The values of one origin by field, and what the operator calls each of them."""

    def __init__(self, values: Mapping[str, object], names: Mapping[str, str], in_toml: bool = False) -> None:
        super().__init__(Settings)
        self.values = dict(values)
        self.names = dict(names)
        self.in_toml = in_toml

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """As pydantic-settings asks for it: value, key, whether it must be decoded."""
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class _Problem:
    name: str
    problem: str
    expects: str = ""
    got: str = ""
    example: str = ""

    def render(self) -> str:
        lines = [self.name, f"  problem: {self.problem}"]
        for label, text in (("expects", self.expects), ("got", self.got), ("example", self.example)):
            if text:
                lines.append(f"  {label + ':':<8} {text}")
        return "\n".join(lines)


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    config_file: Path | None = None,
    working_directory: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """
    Read the settings of this process.

    ``environ`` is the process's own unless given. ``config_file`` names the TOML file (a command's ``--config``) and
    goes before ``MERGEWARDEN_CONFIG``. ``working_directory`` is a folder whose ``mergewarden.toml`` is read; it is None
    by default because ``mergewarden scan`` usually runs inside the very repository that it judges. ``overrides`` are
    values of command line options; None means not given.

    Raises ``ConfigurationError`` that lists everything that is wrong at once, and shows no secret.
    """
    environ = os.environ if environ is None else environ
    problems: list[_Problem] = []
    environment = _environment_layer(environ, problems)
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    options = _Layer(given, {name: f"--{name.replace('_', '-')}" for name in given})
    data_dir = _layered_data_dir(options, environment, environ)
    path = _find_config(environ, config_file, (working_directory, data_dir), problems)
    file = _toml_layer(path, problems, skip=environment.values) if path is not None else _Layer({}, {}, in_toml=True)
    default = _Layer({"data_dir": default_data_dir(environ)}, {})
    layers = (options, environment, file, default)
    try:
        settings = Settings(_build_sources=(layers, {}))
    except ValidationError as error:
        problems.extend(_problems_of(error, layers))
        settings = None
    _raise_if_any(problems)
    assert settings is not None
    for layer in (file, environment, options):
        settings._origins.update(layer.names)
    return settings


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """``/var/lib/mergewarden`` where this process can write to it, as in the image; else the user's own data folder."""
    if _SYSTEM_DATA_DIR.is_dir() and os.access(_SYSTEM_DATA_DIR, os.W_OK):
        return _SYSTEM_DATA_DIR
    home = environ.get("XDG_DATA_HOME", "")
    # The XDG specification says to ignore relative paths. https://specifications.freedesktop.org/basedir-spec/latest/
    base = Path(home) if home.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local" / "share"
    return base / "mergewarden"


def set_metrics_directory(directory: Path) -> None:
    """
    Tell prometheus_client, in this process and its children, where processes share their metrics.

    The library takes the folder from the environment only, see
    https://prometheus.github.io/client_python/multiprocess/.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def _environment_layer(environ: Mapping[str, str], problems: list[_Problem]) -> _Layer:
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    known = [*Settings.model_fields, *(f"{name}_file" for name in SECRET_FIELDS), "config"]
    # Compose files write `NAME: ${NAME}` for what may be unset, so an empty value is no value.
    found = {
        key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX) and value
    }
    for name, value in found.items():
        if name in Settings.model_fields:
            values[name], names[name] = value, PREFIX + name.upper()
        elif name not in known:
            # Only near misses are errors: Kubernetes adds MERGEWARDEN_SERVICE_HOST and its like by itself.
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if close:
                problems.append(
                    _Problem(PREFIX + name.upper(), f"unknown setting; did you mean {PREFIX}{close[0].upper()}?")
                )
    for name in SECRET_FIELDS:
        if f"{name}_file" in found:
            label = f"{PREFIX}{name.upper()}_FILE"
            _add_secret_file(name, found[f"{name}_file"], label, Path(), values, names, problems)
    return _Layer(values, names)


def _toml_layer(path: Path, problems: list[_Problem], skip: Mapping[str, object]) -> _Layer:
    try:
        with path.open("rb") as source:
            raw = source.read(_CONFIG_FILE_LIMIT + 1)
        if len(raw) > _CONFIG_FILE_LIMIT:
            raise ValueError(f"it is larger than {_CONFIG_FILE_LIMIT} bytes")
        document = tomllib.loads(raw.decode())
    except OSError as error:
        problems.append(_Problem(str(path), f"it cannot be read: {error.strerror}"))
        return _Layer({}, {}, in_toml=True)
    except (ValueError, RecursionError) as error:
        problems.append(_Problem(str(path), f"it is not a TOML file: {_one_line(str(error))}"))
        return _Layer({}, {}, in_toml=True)
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    secret_files = {f"{name}_file": name for name in SECRET_FIELDS}
    for key, value in document.items():
        label = f"{_one_line(key)} ({path})"
        if key in Settings.model_fields:
            if key in _PATH_FIELDS and isinstance(value, str):
                value = str(path.parent / Path(value).expanduser())
            values[key], names[key] = value, label
        elif key not in secret_files:
            close = difflib.get_close_matches(key, [*Settings.model_fields, *secret_files], n=1, cutoff=0.6)
            hint = f"; did you mean {close[0]}?" if close else ""
            problems.append(_Problem(label, f"unknown setting{hint}"))
    for key, name in secret_files.items():
        # A secret that the environment gives is not looked for in files of lower precedence.
        if key in document and name not in skip:
            _add_secret_file(name, document[key], f"{key} ({path})", path.parent, values, names, problems)
    return _Layer(values, names, in_toml=True)


def _add_secret_file(
    name: str,
    given: object,
    label: str,
    base: Path,
    values: dict[str, object],
    names: dict[str, str],
    problems: list[_Problem],
) -> None:
    expects = "a file that holds the secret and nothing else"
    example = f"{PREFIX}{name.upper()}_FILE=/run/secrets/{name}"
    if not isinstance(given, str):
        problems.append(_Problem(label, "it is not a text", expects, _shown(given), example))
        return
    if name in values:
        problems.append(_Problem(label, f"{names[name]} is set too: use one of them", expects, _shown(given), example))
        return
    try:
        with (base / Path(given).expanduser()).open("rb") as source:
            raw = source.read(_SECRET_FILE_LIMIT + 1)
        if len(raw) > _SECRET_FILE_LIMIT:
            raise ValueError(f"the file is larger than {_SECRET_FILE_LIMIT} bytes")
        secret = raw.decode().rstrip("\r\n")
        if not secret:
            raise ValueError("the file is empty")
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = "the file is not UTF-8 text"
    except ValueError as error:
        problem = str(error)
    else:
        values[name], names[name] = secret, label
        return
    problems.append(_Problem(label, problem, expects, _shown(given), example))


def _layered_data_dir(options: _Layer, environment: _Layer, environ: Mapping[str, str]) -> Path:
    for layer in (options, environment):
        if "data_dir" in layer.values:
            with suppress(ValueError):  # said again, and better, when the settings are checked
                return Path(str(_home(str(layer.values["data_dir"]))))
    return default_data_dir(environ)


def _find_config(
    environ: Mapping[str, str], explicit: Path | None, folders: Sequence[Path | None], problems: list[_Problem]
) -> Path | None:
    named = environ.get(PREFIX + "CONFIG", "")
    if explicit is None and not named:
        candidates = (folder / CONFIG_FILE_NAME for folder in folders if folder is not None)
        return next((path for path in candidates if path.is_file()), None)
    label, path = ("--config", explicit) if explicit is not None else (PREFIX + "CONFIG", Path(named).expanduser())
    if path.is_file():
        return path
    example = f"{PREFIX}CONFIG=/etc/mergewarden/{CONFIG_FILE_NAME}"
    problems.append(_Problem(label, "there is no such file", "a TOML file with settings", _shown(str(path)), example))
    return None


# --- What to say when something is wrong ------------------------------------------------------------------------------


def _problems_of(error: ValidationError, layers: Sequence[_Layer]) -> list[_Problem]:
    problems = []
    # A union reports once per branch; the first of a field is the one that says something.
    for detail in {
        str(d["loc"][0]): d for d in reversed(error.errors(include_input=False, include_url=False))
    }.values():
        field = str(detail["loc"][0])
        layer = next((each for each in layers if field in each.values), None)
        context = detail.get("ctx", {})
        text = str(context["error"]) if detail["type"] == "value_error" else _lower_first(detail["msg"])
        name, got, in_toml = PREFIX + field.upper(), "", False
        if layer is not None:
            name = layer.names.get(field, name)
            in_toml = layer.in_toml
            secret = field in SECRET_FIELDS
            got = "a value that is not shown, because it is a secret" if secret else _shown(layer.values[field])
        info = Settings.model_fields.get(field)
        expects = info.description or "" if info else ""
        problems.append(_Problem(name, _one_line(text), expects, got, _example(field, info, in_toml)))
    return sorted(problems, key=lambda problem: problem.name)


def _missing(field: str, problem: str = "it is not set") -> _Problem:
    info = Settings.model_fields[field]
    example = _example(field, info, in_toml=False)
    if field in SECRET_FIELDS:
        example += f" (or {PREFIX}{field.upper()}_FILE=/run/secrets/{field})"
    return _Problem(PREFIX + field.upper(), problem, info.description or "", "nothing", example)


def _example(field: str, info: FieldInfo | None, in_toml: bool) -> str:
    if info is None:
        return ""
    example = str(info.examples[0]) if info.examples else "true"
    if not in_toml:
        return f"{PREFIX}{field.upper()}={example}"
    if field == "projects":
        return "projects = [" + ", ".join(f'"{part}"' for part in example.split(",")) + "]"
    return f"{field} = {example}" if example.isdecimal() or example == "true" else f'{field} = "{example}"'


def _shown(value: object) -> str:
    # Secrets get pasted into the wrong setting, and passwords into URLs.
    text = _SECRET_LIKE.sub("...", repr(str(value) if isinstance(value, Path) else value))
    return text if len(text) <= 120 else text[:117] + "..."


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)[:300]


def _raise_if_any(problems: Sequence[_Problem]) -> None:
    if not problems:
        return
    count = len(problems)
    head = "1 setting cannot be used:" if count == 1 else f"{count} settings cannot be used:"
    # The cause is cut off on purpose: pydantic's own error could carry the value of a secret.
    raise ConfigurationError(
        "\n\n".join([head, *(problem.render() for problem in problems)]),
        "Set them in the environment or in the TOML file that MERGEWARDEN_CONFIG names.",
    ) from None
