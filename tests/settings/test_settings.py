"""Settings come from where they should, and a wrong one says how to mend it."""

from __future__ import annotations

import base64
import pickle
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.errors import ConfigurationError
from bot.settings import SECRET_FIELDS, Settings, default_data_dir, load_settings
from bot.texts import Language

GOLDEN = Path(__file__).parent / "golden"
SIGNING_TOKEN = "whsec_" + base64.b64encode(bytes(32)).decode()


def environ(tmp_path: Path, **values: str) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "MERGEWARDEN_DATA_DIR": str(tmp_path / "data"),
        **{f"MERGEWARDEN_{name}": value for name, value in values.items()},
    }


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, config_file: Path | None = None, **values: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ(tmp_path, **values), config_file=config_file)
    return str(caught.value).replace(str(tmp_path), "FOLDER")


def test_defaults_need_nothing_at_all(tmp_path: Path) -> None:
    settings = load_settings({"HOME": str(tmp_path)})
    assert settings.gitlab_url is None
    assert (settings.workers, settings.webhook_max_age_seconds, settings.language) == (2, 300, Language.ENGLISH)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    path = toml(tmp_path, 'gitlab_url = "https://file.example"\nworkers = 7\n')
    settings = load_settings(environ(tmp_path, GITLAB_URL="https://env.example"), config_file=path)
    assert (settings.gitlab_url, settings.workers, settings.scan_timeout_seconds) == ("https://env.example", 7, 600)


def test_an_option_of_the_command_wins_over_all(tmp_path: Path) -> None:
    values = environ(tmp_path, WORKERS="3", LOG_FORMAT="json")
    settings = load_settings(values, overrides={"workers": 5, "log_format": None})
    assert (settings.workers, settings.log_format) == (5, "json")


def test_every_field_can_be_given_in_both_ways(tmp_path: Path) -> None:
    ca, policy = tmp_path / "ca.pem", tmp_path / "policy.yaml"
    ca.touch()
    policy.touch()
    values = {
        "gitlab_url": "https://gitlab.example.org/sub",
        "gitlab_token": "glpat-abcdefgh",
        "gitlab_ca_file": str(ca),
        "webhook_secret": "a-long-secret",
        "webhook_signing_token": SIGNING_TOKEN,
        "require_signature": "true",
        "webhook_max_age_seconds": "60",
        "hook_secret": "a-secret-of-more-than-32-characters",
        "hook_unknown_projects": "refuse",
        "data_dir": str(tmp_path / "d"),
        "database_url": "postgresql+psycopg://u:p@h/db",
        "policy_project": "security/policies",
        "policy_file": str(policy),
        "rules_project": "security/rules",
        "rules_folder": str(tmp_path / "rules"),
        "rules_switch_on": "automatic",
        "signing_key_file": str(tmp_path / "receipts.pem"),
        "language": "zh-CN",
        "public_url": "https://gate.example.org",
        "smtp_url": "smtps://mw:hush@mail.example.org",
        "mail_from": "mergewarden@example.org",
        "oidc_issuer": "https://login.example.org/realms/main/",
        "oidc_client_id": "mergewarden",
        "oidc_client_secret": "gloas-a-secret",
        "oidc_label": "Company",
        "oidc_ca_file": str(ca),
        "session_idle_hours": "2",
        "session_hours": "12",
        "outgoing_allow_local": "true",
        "status_name": "gate",
        "projects": "a/*,b/c",
        "workers": "4",
        "reconcile_interval_seconds": "120",
        "nightly_hour": "3",
        "scan_timeout_seconds": "30",
        "scanner_memory_mb": "512",
        "max_file_bytes": "5000",
        "max_changed_files": "10",
        "max_report_bytes": "100000",
        "maturity_history_days": "30",
        "maturity_folder": str(tmp_path / "maturity"),
        "maturity_model": "our-own",
        "log_format": "console",
        "log_level": "DEBUG",
    }
    assert set(values) == set(Settings.model_fields)
    by_environment = load_settings({f"MERGEWARDEN_{name.upper()}": value for name, value in values.items()})
    lines = [
        f"{name} = {value}" if value.isdecimal() or value == "true" else f"{name} = '{value}'"
        for name, value in values.items()
        if name != "projects"
    ]
    path = toml(tmp_path, "\n".join([*lines, 'projects = ["a/*", "b/c"]']))
    assert load_settings({"HOME": str(tmp_path)}, config_file=path).model_dump() == by_environment.model_dump()


def test_an_empty_variable_is_no_value(tmp_path: Path) -> None:
    assert load_settings(environ(tmp_path, WORKERS="", GITLAB_URL="")).workers == 2


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_is_found_by_variable_and_in_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mergewarden.toml").write_text("workers = 9\n")
    assert load_settings(environ(tmp_path)).workers == 9
    path = toml(tmp_path, "workers = 8\n")
    assert load_settings(environ(tmp_path, CONFIG=str(path))).workers == 8


def test_the_working_directory_counts_only_where_the_command_allows_it(tmp_path: Path) -> None:
    """`scan` runs inside the repository that it judges, which must not bring its own limits."""
    (tmp_path / "mergewarden.toml").write_text("max_file_bytes = 1000\n")
    assert load_settings(environ(tmp_path)).max_file_bytes == 5_000_000
    assert load_settings(environ(tmp_path), working_directory=tmp_path).max_file_bytes == 1000


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").touch()
    (tmp_path / "token").write_text("glpat-from-a-file\n")
    path = toml(tmp_path, 'policy_file = "policy.yaml"\ngitlab_token_file = "token"\n')
    settings = load_settings(environ(tmp_path), config_file=path)
    assert settings.policy_file == tmp_path / "policy.yaml"
    assert settings.gitlab_token == SecretStr("glpat-from-a-file")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workers = ", "not a TOML file"),
        ("gitlab_ur = 'x'", "gitlab_ur (FOLDER/settings.toml)\n  problem: unknown setting; did you mean gitlab_url?"),
        ("[gitlab]\nurl = 'x'", "gitlab (FOLDER/settings.toml)\n  problem: unknown setting"),
        ("gitlab_token_fil = 'x'", "did you mean gitlab_token_file?"),
        ("gitlab_token_file = 5", "it is not a text"),
        ("a = " + "[" * 100_000, "not a TOML file"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, toml(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path, CONFIG=str(tmp_path / "nope.toml"))
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not a TOML file" in refused(tmp_path, path)


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_secrets_are_read_from_files_without_the_last_line_break(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-secret-file\n")
    settings = load_settings(environ(tmp_path, WEBHOOK_SECRET_FILE=str(secret)))
    assert settings.webhook_secret == SecretStr("from-a-secret-file")


def test_a_secret_of_the_environment_wins_over_a_secret_file_of_the_toml(tmp_path: Path) -> None:
    path = toml(tmp_path, 'gitlab_token_file = "/nowhere"\n')
    settings = load_settings(environ(tmp_path, GITLAB_TOKEN="glpat-abcdefgh"), config_file=path)
    assert settings.gitlab_token == SecretStr("glpat-abcdefgh")


def test_a_secret_given_in_two_ways_at_one_place_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, GITLAB_TOKEN="glpat-abcdefgh", GITLAB_TOKEN_FILE="/run/secrets/x")
    assert "MERGEWARDEN_GITLAB_TOKEN_FILE\n  problem: MERGEWARDEN_GITLAB_TOKEN is set too" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"\xff\xff", "not UTF-8"),
        (b"x" * 70_000, "larger than"),
    ],
)
def test_a_secret_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes | None, said: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    assert said in refused(tmp_path, GITLAB_TOKEN_FILE=str(secret))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITLAB_TOKEN", "topsecret with spaces"),
        ("GITLAB_TOKEN", "topsecret\n"),
        ("WEBHOOK_SECRET", "topsec"),
        ("WEBHOOK_SECRET", "topsecret-ü-topsecret"),
        ("WEBHOOK_SIGNING_TOKEN", "topsecret"),
        ("WEBHOOK_SIGNING_TOKEN", "whsec_topsecret!"),
        ("WEBHOOK_SIGNING_TOKEN", "whsec_dG9wc2VjcmV0"),
        ("HOOK_SECRET", "topsecret-and-only-31-characters"[:31]),
        ("HOOK_SECRET", "topsecret with spaces and more than 32"),
        ("OIDC_CLIENT_SECRET", "topsecret with spaces"),
        ("OIDC_ISSUER", "https://u:topsecret@login.example.org"),
        ("DATABASE_URL", "mysql://u:topsecret@h/d"),
        ("DATABASE_URL", "topsecret"),
        ("SMTP_URL", "mail://u:topsecret@h"),
        ("SMTP_URL", "smtp://u:topsecret@h:port"),
        ("SMTP_URL", "smtp://u:topsecret＃2026@h"),
        ("DATABASE_URL", "postgresql://u:topsecret＃2026@h/d"),
        ("GITLAB_URL", "https://u:topsecret＃2026@gitlab.example.org"),
        ("OIDC_ISSUER", "https://u:topsecret@[x"),
        ("DATABASE_URL", "postgresql://u:topsecret@h:port/d"),
        ("GITLAB_URL", "https://u:topsecret@gitlab.example.org"),
        ("GITLAB_URL", "glpat-topsecret1234"),
    ],
)
def test_no_error_shows_a_secret(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ(tmp_path, **{name: value}))
    assert f"MERGEWARDEN_{name}" in str(caught.value)
    cause: BaseException | None = caught.value
    while cause is not None:
        assert "topsec" not in str(cause)
        assert "dG9wc2VjcmV0" not in str(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def test_settings_can_be_printed_without_their_secrets(tmp_path: Path) -> None:
    settings = load_settings(
        environ(tmp_path, GITLAB_TOKEN="glpat-topsecret", DATABASE_URL="postgresql://u:topsecret@h/d")
    )
    assert "topsecret" not in repr(settings)
    assert "topsecret" not in settings.model_dump_json()


def test_every_secret_can_be_given_as_a_file(tmp_path: Path) -> None:
    secret = {name for name, info in Settings.model_fields.items() if "SecretStr" in repr(info.annotation)}
    assert set(SECRET_FIELDS) == secret
    (tmp_path / "mail").write_text("smtps://warden:topsecret@mail.example.org\n")
    settings = load_settings(environ(tmp_path, SMTP_URL_FILE=str(tmp_path / "mail"), MAIL_FROM="warden@example.org"))
    assert "topsecret" in settings.secrets()


def test_the_secrets_to_redact_include_the_database_password_in_both_forms(tmp_path: Path) -> None:
    settings = load_settings(
        environ(tmp_path, DATABASE_URL="postgresql://u:p%40ssword@h/d", WEBHOOK_SECRET="a/b+c/d+e")
    )
    assert {"p%40ssword", "p@ssword", "a/b+c/d+e", "a%2Fb%2Bc%2Fd%2Be"} <= set(settings.secrets())


# --- single values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://gitlab.example.org", "https://gitlab.example.org"),
        ("https://gitlab.example.org/", "https://gitlab.example.org"),
        ("http://10.0.0.5:8080/git/", "http://10.0.0.5:8080/git"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
    ],
)
def test_addresses_lose_their_last_slash(tmp_path: Path, given: str, stored: str) -> None:
    assert load_settings(environ(tmp_path, GITLAB_URL=given)).gitlab_url == stored


@pytest.mark.parametrize(
    "given",
    [
        "gitlab.example.org",
        "ftp://gitlab.example.org",
        "https://",
        "https://gitlab.example.org/api/v4",
        "https://gitlab.example.org/api/v4/",
        "https://gitlab.example.org?x=1",
        "https://gitlab.example.org/#x",
        "https://gitlab.example.org:99999",
        "https://[::1",
        "https://git lab.example.org",
        "https://gitlab.example.org\n",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    assert "example: MERGEWARDEN_GITLAB_URL=https://gitlab.example.com" in refused(tmp_path, GITLAB_URL=given)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h:5433/d?sslmode=require", "postgresql+psycopg://u:p@h:5433/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
        ("sqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_database_urls_name_the_driver_that_comes_with_us(tmp_path: Path, given: str, used: str) -> None:
    assert load_settings(environ(tmp_path, DATABASE_URL=given)).database().get_secret_value() == used


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///", "sqlite://x.db", "postgresql://", "oracle://h", "x.db"])
def test_a_database_url_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    assert "MERGEWARDEN_DATABASE_URL" in refused(tmp_path, DATABASE_URL=given)


def test_the_default_database_is_a_file_in_the_data_directory(tmp_path: Path) -> None:
    url = load_settings(environ(tmp_path)).database().get_secret_value()
    assert url == f"sqlite:///{tmp_path}/data/mergewarden.db"


@pytest.mark.parametrize(("given", "language"), [("en", "en"), ("zh", "zh-CN"), ("zh_cn", "zh-CN"), ("ZH-CN", "zh-CN")])
def test_languages_are_read_in_their_usual_spellings(tmp_path: Path, given: str, language: str) -> None:
    assert load_settings(environ(tmp_path, LANGUAGE=given)).language.value == language


def test_projects_are_patterns_without_case(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path, PROJECTS="platform/*, Shop/Backend"))
    assert [settings.serves(path) for path in ("platform/a/b", "shop/backend", "shop/backend2", "x")] == [
        True,
        True,
        False,
        False,
    ]
    assert load_settings(environ(tmp_path)).serves("anything/at/all")


def test_the_data_directory_follows_the_user(tmp_path: Path) -> None:
    assert default_data_dir({"HOME": "/home/x", "XDG_DATA_HOME": "/data"}).name == "mergewarden"
    found = default_data_dir({"HOME": "/home/x"})
    assert found in (Path("/home/x/.local/share/mergewarden"), Path("/var/lib/mergewarden"))
    relative = default_data_dir({"HOME": "/home/x", "XDG_DATA_HOME": "relative"})
    assert relative == found


def test_variables_that_kubernetes_adds_are_no_mistake(tmp_path: Path) -> None:
    load_settings(environ(tmp_path, SERVICE_HOST="10.0.0.1", PORT="tcp://10.0.0.1:80", PORT_80_TCP_ADDR="10.0.0.1"))


def test_a_misspelt_variable_is_a_mistake(tmp_path: Path) -> None:
    said = refused(tmp_path, WEBHOOK_SECERT="x")
    assert "MERGEWARDEN_WEBHOOK_SECERT\n  problem: unknown setting; did you mean MERGEWARDEN_WEBHOOK_SECRET?" in said


# --- what commands need -----------------------------------------------------------------------------------------------


def test_gitlab_access_is_narrowed_or_refused_with_everything_that_is_missing(tmp_path: Path) -> None:
    whole = load_settings(environ(tmp_path, GITLAB_URL="https://g.example", GITLAB_TOKEN="glpat-abcdefgh"))
    access = whole.require_gitlab()
    assert (access.url, access.token.get_secret_value(), access.ca_file) == (
        "https://g.example",
        "glpat-abcdefgh",
        None,
    )
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ(tmp_path)).require_gitlab()
    assert "MERGEWARDEN_GITLAB_URL" in str(caught.value)
    assert "MERGEWARDEN_GITLAB_TOKEN_FILE=/run/secrets/gitlab_token" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({}, "MERGEWARDEN_WEBHOOK_SECRET"),
        ({"REQUIRE_SIGNATURE": "true"}, "MERGEWARDEN_WEBHOOK_SIGNING_TOKEN"),
        ({"REQUIRE_SIGNATURE": "true", "WEBHOOK_SECRET": "a-long-secret"}, "MERGEWARDEN_WEBHOOK_SIGNING_TOKEN"),
        ({"WEBHOOK_SECRET": "a-long-secret"}, None),
        ({"WEBHOOK_SIGNING_TOKEN": SIGNING_TOKEN}, None),
        ({"WEBHOOK_SIGNING_TOKEN": SIGNING_TOKEN, "REQUIRE_SIGNATURE": "1"}, None),
    ],
)
def test_webhooks_are_served_only_with_something_to_check_them_by(
    tmp_path: Path, values: dict[str, str], missing: str | None
) -> None:
    settings = load_settings(environ(tmp_path, **values))
    if missing is None:
        assert settings.require_webhook().max_age_seconds == 300
        return
    with pytest.raises(ConfigurationError, match=missing):
        settings.require_webhook()


def test_settings_are_frozen_and_travel_to_child_processes(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path, GITLAB_TOKEN="glpat-abcdefgh"))
    with pytest.raises(ValidationError):
        settings.workers = 9  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(settings)) == settings


# --- what a person reads ----------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = toml(
        tmp_path,
        'gitlab_ur = "https://x"\nworkers = "many"\nprojects = 3\npolicy_file = "none.yaml"\nlog_level = "loud"\n',
    )
    said = refused(
        tmp_path,
        path,
        GITLAB_URL="gitlab.example.org",
        GITLAB_TOKEN="two words",
        WEBHOOK_SECRET="short",
        WEBHOOK_SIGNING_TOKEN_FILE="/nowhere/token",
        DATABASE_URL="mysql://u:hunter2@h/d",
        REQUIRE_SIGNATURE="perhaps",
        MAX_FILE_BYTES="7",
        LANGUAGE="fr",
    )
    assert said + "\n" == (GOLDEN / "everything_wrong.txt").read_text()


def test_what_serve_misses_is_said_in_full(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path))
    texts = []
    for require in (settings.require_gitlab, settings.require_webhook):
        with pytest.raises(ConfigurationError) as caught:
            require()
        texts.append(str(caught.value))
    assert "\n\n".join(texts) + "\n" == (GOLDEN / "nothing_set.txt").read_text()


def test_every_setting_says_what_it_expects() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.examples or field.annotation is bool, name


@example({"data_dir": "~0"})
@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), st.text(st.characters(exclude_characters="\0"))))
def test_no_environment_makes_loading_fail_in_another_way(values: dict[str, str]) -> None:
    try:
        load_settings({f"MERGEWARDEN_{name.upper()}": value for name, value in values.items()})
    except ConfigurationError as error:
        assert "cannot be used" in str(error)  # noqa: PT017 - both outcomes are fine


# --- signing in -------------------------------------------------------------------------------------------------------

OIDC = {
    "OIDC_ISSUER": "https://gitlab.example.org",
    "OIDC_CLIENT_ID": "abc",
    "OIDC_CLIENT_SECRET": "gloas-secret",
    "PUBLIC_URL": "https://gate.example.org",
}


def test_without_a_provider_nobody_signs_in_with_one(tmp_path: Path) -> None:
    assert load_settings(environ(tmp_path)).oidc() is None


def test_a_provider_is_gitlab_when_it_is_the_gitlab_that_we_serve(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    settings = load_settings(
        environ(tmp_path, **OIDC, GITLAB_URL="https://GitLab.example.org/", GITLAB_CA_FILE=str(ca))
    )
    access = settings.oidc()
    assert access is not None
    assert (access.is_gitlab, access.label, access.ca_file) == (True, "GitLab", ca)
    assert access.redirect_url == "https://gate.example.org/sign-in/callback"
    other = load_settings(environ(tmp_path, **OIDC, GITLAB_URL="https://git.example.org")).oidc()
    assert other is not None
    assert (other.is_gitlab, other.label, other.ca_file) == (False, "gitlab.example.org", None)


@pytest.mark.parametrize("missing", OIDC)
def test_half_a_provider_is_none(tmp_path: Path, missing: str) -> None:
    values = {name: value for name, value in OIDC.items() if name != missing}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ(tmp_path, **values)).oidc()
    assert f"MERGEWARDEN_{missing}" in str(caught.value)


def test_the_secret_of_the_application_is_never_logged(tmp_path: Path) -> None:
    place = tmp_path / "secret"
    place.write_text("gloas-topsecret\n")
    values = {name: value for name, value in OIDC.items() if name != "OIDC_CLIENT_SECRET"}
    settings = load_settings(environ(tmp_path, **values, OIDC_CLIENT_SECRET_FILE=str(place)))
    assert "gloas-topsecret" in settings.secrets()
    assert "topsecret" not in repr(settings)
    assert "topsecret" not in repr(settings.oidc())


@pytest.mark.parametrize("issuer", ["http://login.example.org", "ftp://x", "login.example.org", "https://x/?a=b"])
def test_an_issuer_is_an_https_address(tmp_path: Path, issuer: str) -> None:
    assert "MERGEWARDEN_OIDC_ISSUER" in refused(tmp_path, OIDC_ISSUER=issuer)


def test_an_issuer_on_this_machine_may_do_without(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path, OIDC_ISSUER="http://127.0.0.1:8080"))
    assert settings.oidc_issuer == "http://127.0.0.1:8080"
