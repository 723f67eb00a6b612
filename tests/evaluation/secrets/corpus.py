"""
Labelled files with and without a secret, made by a generator: values are random but always the same, and nothing in the
repository is in itself a secret.

A case is a realistic file with one labelled line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanners.secrets.checks import crc32_base62, crc32_hex

SEED = 20_260_901
_SMALL, _CAPITAL, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_MIXED = _SMALL + _CAPITAL + _DIGITS
_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Case:
    """One file. ``lines`` are the numbers of the lines where a hit is right; none in a negative."""

    name: str
    family: str
    suffix: str
    text: str
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Value:
    """Something to be written: a name, a value, and what stands above it."""

    key: str
    value: str
    before: tuple[tuple[str, str], ...] = ()


class _Source:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chars(self, letters: str, count: int) -> str:
        return "".join(self.random.choice(letters) for _ in range(count))

    def mixed(self, count: int) -> str:
        return self.chars(_MIXED, count)

    def hex(self, count: int) -> str:
        return self.chars(_HEX, count)

    def url(self, count: int) -> str:
        # Letters at the end: what follows must not look like a part of it.
        return self.chars(_MIXED + "-_", count - 1) + self.chars(_MIXED, 1)

    def raw64(self, count: int) -> str:
        return base64.b64encode(self.random.randbytes(count)).decode()

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def password(self) -> str:
        word = self.random.choice(["tiger", "Sommer", "maple", "Kestrel", "winter", "Harbor", "nimbus", "Qingdao"])
        number = self.random.randint(100, 9999)
        mark = self.random.choice("!#%-_+*")
        return self.random.choice(
            [
                f"{word}{mark}{number}{self.mixed(3)}",
                f"{self.mixed(8)}{mark}{self.mixed(4)}{self.random.randint(0, 9)}",
                f"{word.capitalize()}{number}{mark}{self.chars(_SMALL, 2)}9",
                self.mixed(15) + str(self.random.randint(0, 9)),
            ]
        )

    def pem(self, label: str, first: bytes) -> str:
        whole = base64.b64encode(first + self.random.randbytes(900)).decode()
        body = "\n".join(whole[i : i + 64] for i in range(0, len(whole), 64))
        return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


def _jwt(source: _Source) -> str:
    def part(document: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode().rstrip("=")

    head = part({"alg": "RS256", "kid": source.hex(8)})
    return (
        f"{head}.{part({'iss': 'https://sso.corp.net', 'sub': source.uuid(), 'exp': 2_000_000_000})}.{source.url(86)}"
    )


def _summed(source: _Source, prefix: str) -> str:
    body = source.mixed(30)
    return f"{prefix}_{body}{crc32_base62(body)}"


def _grafana(source: _Source) -> str:
    body = f"glsa_{source.mixed(32)}"
    return f"{body}_{crc32_hex(body)}"


def _discord(source: _Source) -> str:
    number = str(source.random.randint(10**17, 9 * 10**17))
    return f"{base64.b64encode(number.encode()).decode().rstrip('=')}.G{source.mixed(5)}.{source.url(38)}"


def _aws(source: _Source) -> str:
    return "AKIA" + source.random.choice("IJKL") + source.chars(_CAPITAL + "234567", 15)


_Make = Callable[[_Source], _Value]

TRUE: dict[str, list[_Make]] = {
    "clouds": [
        lambda s: _Value("aws_access_key_id", _aws(s)),
        lambda s: _Value("aws_secret_access_key", s.chars(_MIXED + "/+", 39) + "b", (("aws_access_key_id", _aws(s)),)),
        lambda s: _Value("azure_storage_account_key", s.raw64(64)),
        lambda s: _Value("azure_client_secret", s.mixed(3) + "8Q~" + s.mixed(34)),
        lambda s: _Value("google_client_secret", "GOCSPX-" + s.url(28)),
        lambda s: _Value("maps_key", "AIza" + s.url(35)),
        lambda s: _Value("do_token", "dop_v1_" + s.hex(64)),
        lambda s: _Value("vault_token", "hvs." + s.url(91)),
        lambda s: _Value("databricks_token", "dapi" + s.hex(32)),
    ],
    "chinese-clouds": [
        lambda s: _Value("aliyun_access_key_id", "LTAI5t" + s.mixed(18)),
        lambda s: _Value("aliyun_access_key_secret", s.mixed(30), (("aliyun_region", "cn-hangzhou"),)),
        lambda s: _Value("oss.accessKeySecret", s.mixed(30), (("oss.endpoint", "oss-cn-beijing.aliyuncs.com"),)),
        lambda s: _Value("tencent_secret_id", "AKID" + s.mixed(32)),
        lambda s: _Value("qcloud_secret_key", s.mixed(32), (("qcloud_bucket", "shop-1250000000"),)),
        lambda s: _Value("huawei_secret_access_key", s.mixed(40), (("huawei_region", "cn-north-4"),)),
        lambda s: _Value("volc_access_key", "AKLT" + s.mixed(43)),
        lambda s: _Value("qiniu_secret_key", s.url(40), (("qiniu_bucket", "shop"),)),
        lambda s: _Value("baidu_secret_key", s.mixed(32), (("baidu_app_id", "24100001"),)),
        lambda s: _Value("wechat_app_secret", s.hex(32), (("wechat_app_id", "wx" + s.hex(16)),)),
        lambda s: _Value("wxpay_api_v3_key", s.mixed(32), (("wxpay_mch_id", "1600000001"),)),
        lambda s: _Value("dingtalk_sign", "SEC" + s.hex(64)),
        lambda s: _Value("dingtalk_url", "https://oapi.dingtalk.com/robot/send?access_token=" + s.hex(64)),
        lambda s: _Value("feishu_url", "https://open.feishu.cn/open-apis/bot/v2/hook/" + s.uuid()),
        lambda s: _Value("feishu_app_secret", s.mixed(32), (("feishu_app_id", "cli_" + s.hex(16)),)),
        lambda s: _Value("wecom_url", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + s.uuid()),
        lambda s: _Value("wecom_corp_secret", s.url(43), (("wecom_corp_id", "ww" + s.hex(16)),)),
        lambda s: _Value("amap_url", "https://restapi.amap.com/v3/geocode/geo?key=" + s.hex(32)),
    ],
    "code-hosts": [
        lambda s: _Value("gitlab_token", "glpat-" + s.url(20)),
        lambda s: _Value("runner_token", "glrt-" + s.url(20)),
        lambda s: _Value("deploy_token", "gldt-" + s.url(20)),
        lambda s: _Value("github_token", _summed(s, "ghp")),
        lambda s: _Value("github_pat", "github_pat_11" + s.chars(_CAPITAL + _DIGITS, 20) + "_" + s.mixed(59)),
        lambda s: _Value("npm_token", _summed(s, "npm")),
        lambda s: _Value("pypi_token", "pypi-AgEIcHlwaS5vcmc" + s.url(150)),
        lambda s: _Value("docker_token", "dckr_pat_" + s.url(27)),
        lambda s: _Value("artifactory_key", "AKCp" + s.mixed(69)),
        lambda s: _Value("gitee_access_token", s.hex(32)),
        lambda s: _Value("jira_token", "ATATT3xFfGF0" + s.url(170) + "=" + s.hex(8).upper()),
    ],
    "services": [
        lambda s: _Value("slack_token", f"xoxb-{s.chars(_DIGITS, 12)}-{s.chars(_DIGITS, 13)}-{s.mixed(24)}"),
        lambda s: _Value(
            "slack_url", f"https://hooks.slack.com/services/T0{s.hex(7).upper()}/B0{s.hex(8).upper()}/{s.mixed(24)}"
        ),
        lambda s: _Value("discord_token", _discord(s)),
        lambda s: _Value("telegram_token", f"6{s.chars(_DIGITS, 9)}:AA{s.url(33)}"),
        lambda s: _Value("stripe_key", "sk_live_" + s.mixed(24)),
        lambda s: _Value("twilio_auth_token", s.hex(32), (("twilio_sid", "AC" + s.hex(32)),)),
        lambda s: _Value("sendgrid_key", f"SG.{s.url(22)}.{s.url(43)}"),
        lambda s: _Value("openai_key", f"sk-proj-{s.url(74)}T3BlbkFJ{s.url(74)}"),
        lambda s: _Value("anthropic_key", f"sk-ant-api03-{s.url(93)}AA"),
        lambda s: _Value("deepseek_api_key", "sk-" + s.hex(32)),
        lambda s: _Value("hf_token", "hf_" + s.chars(_SMALL + _CAPITAL, 34)),
        lambda s: _Value("grafana_token", _grafana(s)),
        lambda s: _Value("sentry_token", "sntryu_" + s.hex(64)),
    ],
    "databases": [
        lambda s: _Value("database_url", f"postgres://shop:{s.mixed(18)}@db.corp.net:5432/shop"),
        lambda s: _Value("mongo_uri", f"mongodb+srv://shop:{s.mixed(16)}@c0.x1y2z.mongodb.net/shop"),
        lambda s: _Value("redis_url", f"redis://:{s.mixed(20)}@cache.corp.net:6379/0"),
        lambda s: _Value("amqp_url", f"amqp://shop:{s.mixed(14)}@mq.corp.net/"),
        lambda s: _Value("jdbc_url", f"jdbc:mysql://db.corp.net:3306/shop?user=shop&password={s.mixed(14)}7"),
        lambda s: _Value(
            "connection_string", f"Server=db.corp.net;Database=shop;User Id=shop;Password={s.mixed(14)}7;"
        ),
        lambda s: _Value("index_url", f"https://ci:{s.mixed(22)}@nexus.corp.net/simple"),
    ],
    "keys": [
        lambda s: _Value("session_token", _jwt(s)),
        lambda s: _Value("id_token", _jwt(s)),
    ],
    "generic": [
        lambda s: _Value("db_password", s.password()),
        lambda s: _Value("spring.datasource.password", s.password()),
        lambda s: _Value("admin_password", s.password()),
        lambda s: _Value("smtp_password", s.password()),
        lambda s: _Value("ldap_bind_password", s.password()),
        lambda s: _Value("keystore_password", s.password()),
        lambda s: _Value("api_key", s.mixed(32)),
        lambda s: _Value("client_secret", s.url(40)),
        lambda s: _Value("jwt_secret", s.raw64(32)),
        lambda s: _Value("auth_token", s.hex(40)),
    ],
}

NEGATIVE: dict[str, list[_Make]] = {
    "hashes": [
        lambda s: _Value("sha256", s.hex(64)),
        lambda s: _Value("md5", s.hex(32)),
        lambda s: _Value("git_commit", s.hex(40)),
        lambda s: _Value("checksum", s.hex(128)),
        lambda s: _Value("image", "registry.corp.net/shop@sha256:" + s.hex(64)),
        lambda s: _Value("integrity", "sha512-" + s.raw64(64)),
        lambda s: _Value("etag", s.hex(32)),
        lambda s: _Value("tencent_cos_etag", s.hex(32)),
    ],
    "identifiers": [
        lambda s: _Value("request_id", s.uuid()),
        lambda s: _Value("tenant_id", s.uuid()),
        lambda s: _Value("trace_id", s.hex(32)),
        lambda s: _Value("aws_account", s.chars(_DIGITS, 12)),
        lambda s: _Value("wechat_app_id", "wx" + s.hex(16)),
        lambda s: _Value("s3_key", "uploads/2024/11/" + s.hex(32) + ".png"),
        lambda s: _Value("cache_key", "user:profile:v2:" + s.chars(_DIGITS, 8)),
        lambda s: _Value("build_number", s.chars(_DIGITS, 10)),
        lambda s: _Value("sort_key", "created_at_descending_v2"),
        lambda s: _Value("oss_endpoint", "oss-cn-hangzhou-internal.aliyuncs.com"),
    ],
    "public": [
        lambda s: _Value("public_key", s.raw64(65)),
        lambda s: _Value("ssh_public_key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + s.raw64(32)[:43]),
        lambda s: _Value("stripe_publishable_key", "pk_live_" + s.mixed(24)),
        lambda s: _Value("csp", f"script-src 'sha256-{s.raw64(32)}'"),
        lambda s: _Value("pixel", "data:image/png;base64,iVBORw0KGgo" + s.raw64(300)),
        lambda s: _Value("sentry_dsn", f"https://{s.hex(32)}@o123.ingest.sentry.io/4505"),
    ],
    "placeholders": [
        lambda s: _Value("password", "changeme"),
        lambda s: _Value("db_password", "${DB_PASSWORD}"),
        lambda s: _Value("api_key", "your-api-key-here-1234567890"),
        lambda s: _Value("token", "<your-access-token-goes-here>"),
        lambda s: _Value("secret_key", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        lambda s: _Value("aws_access_key_id", "AKIA" + "IOSFODNN7" + "EXAMPLE"),
        lambda s: _Value("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCY" + "EXAMPLEKEY"),
        lambda s: _Value("gitlab_token", "glpat-" + "x" * 20),
        lambda s: _Value("github_token", "ghp_" + "a1b2c3d4e5" * 3 + "a1b2c3"),
        lambda s: _Value("database_url", "postgres://user:password@localhost:5432/app"),
        lambda s: _Value("mongo_uri", "mongodb://${MONGO_USER}:${MONGO_PASS}@mongo/app"),
        lambda s: _Value("slack_url", "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24),
        lambda s: _Value("client_secret", "{{ .Values.oauth.clientSecret }}"),
        lambda s: _Value("secret", "vault:secret/data/shop#password"),
        lambda s: _Value("aliyun_access_key_secret", "yourAccessKeySecret" + "abcdefg1234"),
        lambda s: _Value("password", "********"),
        lambda s: _Value("token", "0123456789abcdef0123456789abcdef"),
        lambda s: _Value("openai_key", "sk-" + "1234567890abcdef" * 2),
        lambda s: _Value("jwt_secret", "my-super-secret-key-for-testing"),
        lambda s: _Value("password_hash_algorithm", "pbkdf2_sha256_with_600000_rounds"),
    ],
    "names": [
        lambda s: _Value("password_field", "user_password_confirmation"),
        lambda s: _Value("token_url", "https://sso.corp.net/realms/shop/protocol/openid-connect/token"),
        lambda s: _Value("secret_name", "shop/prod/database-credentials"),
        lambda s: _Value("passwordResetTemplate", "mail/reset_password_v2.html"),
        lambda s: _Value("api_key_header", "X-Api-Key"),
        lambda s: _Value("token_type", "urn:ietf:params:oauth:token-type:jwt"),
        lambda s: _Value("private_key_path", "/etc/ssl/private/shop2024.key"),
        lambda s: _Value("credentials_provider", "com.corp.shop.auth.VaultCredentialsProvider2"),
        lambda s: _Value("tokenizer", "bert-base-uncased-finetuned-squad2"),
        lambda s: _Value("password_policy", "min-12-chars-1-digit-1-symbol"),
        lambda s: _Value("secret_rotation", "P90DT12H30M"),
        lambda s: _Value("access_token_ttl", "2592000000"),
        lambda s: _Value("keyboard_token", "KEY_LEFTCTRL_LEFTALT_DELETE2"),
    ],
}

_FILLER = {
    "py": ["import os", "", "TIMEOUT = 30", "RETRIES = 3", "HOSTS = ['a.corp.net', 'b.corp.net']"],
    "env": ["APP_ENV=production", "LOG_LEVEL=info", "WORKERS=4"],
    "yaml": ["app:", "  name: shop", "  replicas: 3", "  image: registry.corp.net/shop:1.42.0"],
    "properties": ["server.port=8080", "logging.level.root=INFO"],
    "java": ["package net.corp.shop;", "", "public final class Settings {", "    static final int PORT = 8080;"],
    "js": ["'use strict';", "const port = 8080;", "const retries = 3;"],
    "tf": ['provider "random" {}', "", 'variable "region" {', "}"],
    "json": [],
    "sh": ["#!/bin/sh", "set -eu", "cd /srv/shop"],
    "log": ["2024-11-05T10:00:01Z INFO  shop started in 2.31 s", "2024-11-05T10:00:02Z DEBUG pool size 12"],
}


def _camel(key: str) -> str:
    first, *rest = key.replace(".", "_").replace("-", "_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _constant(key: str) -> str:
    return key.replace(".", "_").replace("-", "_").upper()


_WRITERS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "py": (".py", lambda k, v: f"{_constant(k)} = {json.dumps(v)}"),
    "env": (".env", lambda k, v: f"{_constant(k)}={v}"),
    "yaml": (".yaml", lambda k, v: f"  {k.replace('_', '-')}: {json.dumps(v)}"),
    "properties": (".properties", lambda k, v: f"{k.replace('_', '.')}={v}"),
    "java": (".java", lambda k, v: f"    private static final String {_constant(k)} = {json.dumps(v)};"),
    "js": (".js", lambda k, v: f"const {_camel(k)} = '{v}';"),
    "tf": (".tf", lambda k, v: f"  {k.replace('.', '_')} = {json.dumps(v)}"),
    "json": (".json", lambda k, v: f"  {json.dumps(_camel(k))}: {json.dumps(v)},"),
    "sh": (".sh", lambda k, v: f"export {_constant(k)}='{v}'"),
    "log": (".txt", lambda k, v: f"2024-11-05T10:00:03Z DEBUG settings {k.replace('.', '_')}={v}"),
}
_PER_VALUE = 5
"""Kinds of files in which each value is written."""


def _written(family: str, number: int, kind: str, made: _Value, *, true: bool) -> Case:
    suffix, write = _WRITERS[kind]
    filler = _FILLER[kind]
    lines = ["{"] if kind == "json" else list(filler[: len(filler) // 2 + 1])
    lines += [write(key, value) for key, value in made.before]
    lines.append(write(made.key, made.value))
    labelled = len(lines)
    first = labelled - len(made.before)
    lines += ['  "end": true', "}"] if kind == "json" else filler[len(filler) // 2 + 1 :]
    if kind == "java":
        lines.append("}")
    # An access key's id above its secret is part of the same secret.
    right = frozenset(range(first, labelled + 1)) if true else frozenset()
    return Case(f"{family}/{made.key}-{number}", family, suffix, "\n".join(lines) + "\n", right)


def cases() -> Iterator[Case]:
    """Every case, in the same order with the same values each time."""
    source = _Source(SEED)
    kinds = list(_WRITERS)
    for true, families in ((True, TRUE), (False, NEGATIVE)):
        number = 0
        for family, makers in families.items():
            for make in makers:
                for _ in range(_PER_VALUE):
                    number += 1
                    # Three is prime to ten, so that each value meets files of other kinds.
                    yield _written(family, number, kinds[number * 3 % len(kinds)], make(source), true=true)
    yield from _files(source)


def _files(source: _Source) -> Iterator[Case]:
    """Files of tools, that are what they are as a whole."""
    made: list[tuple[str, str, str, set[int]]] = []
    for _ in range(3):
        key = source.pem("RSA PRIVATE " + "KEY", b"\x30\x82\x04\xa4\x02\x01\x00")
        made.append(("keys", ".txt", key, {1}))
        made.append(("keys", ".yaml", "tls:\n  key: |\n    " + key.replace("\n", "\n    "), {3}))
        made.append(("keys", ".json", json.dumps({"type": "service_account", "private_key": key}, indent=1), {3}))
        made.append(("keys", ".txt", source.pem("OPENSSH PRIVATE " + "KEY", b"openssh-key-v1\0\0\0\0\x04none"), {1}))
        made.append(("keys", ".txt", source.pem("ENCRYPTED PRIVATE " + "KEY", b"\x30\x82\x05\x0e"), {1}))
        kube = base64.b64encode(source.pem("EC PRIVATE " + "KEY", b"\x30\x77").encode()).decode()
        made.append(("files", ".yaml", f"kind: Config\nusers:\n- user:\n    client-key-data: {kube}\n", {4}))
        secret = base64.b64encode(source.password().encode()).decode()
        made.append(
            (
                "files",
                ".yaml",
                f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {secret}\n",
                {6},
            )
        )
        auth = base64.b64encode(f"ci:{source.password()}".encode()).decode()
        made.append(("files", ".json", json.dumps({"auths": {"registry.corp.net": {"auth": auth}}}, indent=1), {4}))
        made.append(("files", ".hashes.txt", f"//npm.corp.net/:_authToken=NpmToken.{source.uuid()}\n", {1}))
        made.append(("files", ".hashes.txt", f"machine git.corp.net\n  login ci\n  password {source.mixed(24)}\n", {3}))
        maven = f"<server>\n  <id>nexus</id>\n  <username>ci</username>\n  <password>{source.password()}</password>\n"
        made.append(("files", ".xml", maven, {4}))
        made.append(("files", ".txt", f"ci:$apr1${source.mixed(8)}${source.mixed(22)}\n", {1}))
        made.append(("files", ".sql", f"INSERT INTO users VALUES (7,'bob','$2y$10${source.mixed(53)}');\n", {1}))
        made.append(("files", ".txt", f"https://ci:{source.mixed(26)}@git.corp.net\n", {1}))
        made.append(("files", ".sh", f"mysqldump -h db -u shop -p{source.mixed(13)}9 shop > dump.sql\n", {1}))
        made.append(("files", ".sh", f"curl -u 'ci:{source.mixed(18)}4' https://nexus.corp.net/x\n", {1}))
        made.append(("lock", ".lock", "\n".join(f'    "sha512-{source.raw64(64)}",' for _ in range(20)), set()))
        made.append(
            ("lock", ".lock", "\n".join(f"example.com/mod v1.2.{n} h1:{source.raw64(32)}" for n in range(20)), set())
        )
        made.append(
            (
                "minified",
                ".js",
                "".join(f'var {source.mixed(2)}={source.hex(3)}("{source.mixed(6)}");' for _ in range(900)),
                set(),
            )
        )
        made.append(
            (
                "minified",
                ".html",
                "".join(f'<i class="a{source.mixed(6)}" data-key="{source.mixed(5)}">x</i>' for _ in range(90)),
                set(),
            )
        )
        made.append(
            ("style", ".txt", "\n".join(f".t-{source.hex(6)} {{ color: #{source.hex(6)}; }}" for _ in range(40)), set())
        )
        made.append(("public", ".txt", source.pem("PUBLIC KEY", b"\x30\x82"), set()))
        made.append(("public", ".txt", source.pem("CERTIFICATE", b"\x30\x82"), set()))
        made.append(
            (
                "public",
                ".yaml",
                f"kind: SealedSecret\nspec:\n  encryptedData:\n    password: {source.raw64(300)}\n",
                set(),
            )
        )
        made.append(
            ("public", ".txt", "-----BEGIN RSA PRIVATE " + "KEY-----\n...\n-----END RSA PRIVATE " + "KEY-----\n", set())
        )
        code = [
            'password = getpass.getpass("Password: ")',
            'token = request.headers.get("X-Auth-Token2")',
            'self.secret = os.environ["APP_SECRET_V2"]',
            "def set_password(self, raw_password: str, rounds: int = 600000) -> None:",
            'assert response.json()["token"] == login(user).token',
            'PASSWORD_HASHER = "django.contrib.auth.hashers.Argon2PasswordHasher"',
            'raise ValueError("password must have 12 characters")',
            "key = hashlib.sha256(secret_key.encode()).hexdigest()[:32]",
        ]
        source.random.shuffle(code)
        made += [("code", ".py", line + "\n", set()) for line in code]
    for number, (family, suffix, text, lines) in enumerate(made):
        yield Case(f"{family}/file-{number}", family, suffix, text, frozenset(lines))


def digest() -> str:
    """Of every case: the corpus is the same wherever it is made."""
    state = hashlib.sha256()
    for case in cases():
        state.update(f"{case.name}\0{case.suffix}\0{case.text}\0{sorted(case.lines)}\0".encode())
    return state.hexdigest()
