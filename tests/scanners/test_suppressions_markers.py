"""Which comments ask a scanner to look away, what they name, and what only looks like one."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from bandit.core.extension_loader import MANAGER
from hypothesis import given
from hypothesis import strategies as st

from scanners.offline.comments import line_spans, syntax_of, tokens
from scanners.offline.markers import MARKERS
from scanners.offline.suppressions import MOST, Suppression, report, suppressions
from scanners.units import split_lines


def found(suffix: str, text: str) -> list[Suppression]:
    return suppressions(f"000000{suffix}", text)


def told(suffix: str, text: str) -> list[tuple[str, str, tuple[str, ...] | None]]:
    return [(item.rule, item.reach, item.ids) for item in found(suffix, text)]


@pytest.mark.parametrize(
    ("suffix", "text", "rule", "reach", "ids"),
    [
        (".py", "eval(x)  # nosec", "in-code-nosec", "line", None),
        (".py", "eval(x)  #nosec", "in-code-nosec", "line", None),
        (".py", "eval(x)  # nosec B307", "in-code-nosec", "line", ("B307",)),
        (".py", "eval(x)  # nosec: B307, B602", "in-code-nosec", "line", ("B307", "B602")),
        (".py", "eval(x)  # nosec - seen by Ann", "in-code-nosec", "line", None),
        (".py", "eval(x)  # nosec exec_used", "in-code-nosec", "line", ("exec_used",)),
        (".py", "eval(x)  # type: ignore # nosec B307 # fine", "in-code-nosec", "line", ("B307",)),
        # Bandit takes this for a nosec as well.
        (".py", "eval(x)  # nosecurity", "in-code-nosec", "line", None),
        (".ipynb", '   "eval(x)  # nosec B307\\n",', "in-code-nosec", "line", ("B307",)),
        (".py", "eval(x)  # nosemgrep", "in-code-nosemgrep", "line", None),
        (
            ".py",
            "# nosem: a.b.rule-one, rule-two\neval(x)",
            "in-code-nosemgrep",
            "next_line",
            ("a.b.rule-one", "rule-two"),
        ),
        (".js", "eval(x); // NOSEMGREP", "in-code-nosemgrep", "line", None),
        (".jsx", "  {/* nosemgrep: react-rule */}", "in-code-nosemgrep", "next_line", ("react-rule",)),
        (".html", "<!-- nosemgrep -->", "in-code-nosemgrep", "next_line", None),
        (".java", "f(); /* nosemgrep:rule */", "in-code-nosemgrep", "line", ("rule",)),
        (".yaml", "a: b # nosemgrep: 漏洞", "in-code-nosemgrep", "line", ()),
        (".py", "p = 'x'  # pragma: allowlist secret", "in-code-allowlist-secret", "line", None),
        (".py", "p = 'x'  # pragma: whitelist secret", "in-code-allowlist-secret", "line", None),
        (".go", "// pragma: allowlist nextline secret", "in-code-allowlist-secret", "next_line", None),
        (".env", "A=b # pragma: allowlist-secret", "in-code-allowlist-secret", "line", None),
        (".sql", "SELECT 1 -- pragma: allowlist secret", "in-code-allowlist-secret", "line", None),
        (".xml", "<a>x</a> <!-- pragma: allowlist secret -->", "in-code-allowlist-secret", "line", None),
        (".py", "eval(x)  # noqa: E501, S307", "in-code-noqa", "line", ("S307",)),
        (".py", "eval(x)  # NOQA:DUO104", "in-code-noqa", "line", ("DUO104",)),
        (".py", "# ruff: noqa", "in-code-noqa", "file", None),
        (".py", "# ruff: noqa: S101, E501", "in-code-noqa", "file", ("S101",)),
        (".py", "# flake8: noqa", "in-code-noqa", "file", None),
        (".py", "# ruff: disable[S101]", "in-code-noqa", "file", ("S101",)),
        (".yaml", "k: v # gitleaks:allow", "in-code-gitleaks-allow", "line", None),
        (".tf", "k = 1 // trufflehog:ignore", "in-code-trufflehog-ignore", "line", None),
        (".rb", "k = 1 # ggignore", "in-code-ggignore", "line", None),
        (".java", "f(); // NOSONAR", "in-code-nosonar", "line", None),
        (".py", "f()  # NOSONAR(python:S4423) old", "in-code-nosonar", "line", ("python:S4423",)),
        (".java", '@SuppressWarnings("java:S2077")', "in-code-suppress-warnings", "declaration", ("S2077",)),
        (
            ".java",
            '@SuppressWarnings({"unchecked",\n "squid:S3649"})',
            "in-code-suppress-warnings",
            "declaration",
            ("S3649",),
        ),
        (".java", '@SuppressWarnings("all")', "in-code-suppress-warnings", "declaration", None),
        (".kt", '@Suppress("kotlin:S6418")', "in-code-suppress-warnings", "declaration", ("S6418",)),
        (".java", "@SuppressFBWarnings", "in-code-suppress-fb-warnings", "declaration", None),
        (
            ".java",
            '@SuppressFBWarnings(value = "SQL_INJECTION_JDBC", justification = "it (is) fine")',
            "in-code-suppress-fb-warnings",
            "declaration",
            ("SQL_INJECTION_JDBC",),
        ),
        (".ts", "/* eslint-disable */", "in-code-eslint-disable", "file", None),
        (".ts", "x(); // eslint-disable-line", "in-code-eslint-disable", "line", None),
        (".js", "// eslint-disable-next-line no-eval -- sure", "in-code-eslint-disable", "next_line", ("no-eval",)),
        (".vue", "// eslint-disable-line vue/no-v-html", "in-code-eslint-disable", "line", ("vue/no-v-html",)),
        (
            ".js",
            "/* eslint-disable no-console,\n  security/detect-object-injection */",
            "in-code-eslint-disable",
            "file",
            ("security/detect-object-injection",),
        ),
        (
            ".tsx",
            "// biome-ignore lint/security/noDangerouslySetInnerHtml: clean",
            "in-code-biome-ignore",
            "next_line",
            ("lint/security/noDangerouslySetInnerHtml",),
        ),
        (".go", "f() // #nosec G101 -- public", "in-code-gosec", "line", ("G101",)),
        (".go", "f() /* #nosec */", "in-code-gosec", "line", None),
        (".go", "f() //nolint:errcheck,gosec // x", "in-code-nolint", "line", None),
        (".go", "f() //nolint", "in-code-nolint", "line", None),
        (".tf", "# checkov:skip=CKV_AWS_20:it is public", "in-code-checkov-skip", "declaration", ("CKV_AWS_20",)),
        (".yaml", "    checkov.io/skip1: CKV_K8S_20=why", "in-code-checkov-skip", "declaration", ("CKV_K8S_20",)),
        (
            ".tf",
            "a = 1 #tfsec:ignore:aws-s3-enable-logging",
            "in-code-tfsec-ignore",
            "line",
            ("aws-s3-enable-logging",),
        ),
        (".tf", "#tfsec:ignore:*", "in-code-tfsec-ignore", "next_line", None),
        (".dockerfile", "# trivy:ignore:AVD-DS-0002", "in-code-trivy-ignore", "next_line", ("AVD-DS-0002",)),
        (".yaml", "# kics-scan ignore", "in-code-kics-ignore", "file", None),
        (".yaml", "# kics-scan ignore-line", "in-code-kics-ignore", "next_line", None),
        (
            ".dockerfile",
            "# hadolint ignore=DL3008,SC2046",
            "in-code-hadolint-ignore",
            "next_line",
            ("DL3008", "SC2046"),
        ),
        (".dockerfile", "# hadolint global ignore=DL3008", "in-code-hadolint-ignore", "file", ("DL3008",)),
        (".js", "// deepcode ignore Sqli: safe", "in-code-deepcode-ignore", "next_line", ("Sqli",)),
        (".js", "// file deepcode ignore Sqli: safe", "in-code-deepcode-ignore", "file", ("Sqli",)),
        (".py", "f()  # lgtm[py/clear-text-logging]", "in-code-codeql", "line", ("py/clear-text-logging",)),
        (".cs", "// codeql[cs/sql-injection]", "in-code-codeql", "next_line", ("cs/sql-injection",)),
        (".c", "// coverity[tainted_data]", "in-code-coverity", "next_line", ("tainted_data",)),
        (".cs", "#pragma warning disable CA3001, CS0618", "in-code-pragma-warning", "file", ("CA3001",)),
        (".cs", "#pragma warning disable", "in-code-pragma-warning", "file", None),
        (
            ".cs",
            '[SuppressMessage("Security", "CA2100:Review")]',
            "in-code-suppress-message",
            "declaration",
            ("CA2100",),
        ),
        (
            ".rb",
            "eval(x) # rubocop:disable Security/Eval, Style/X",
            "in-code-rubocop-disable",
            "line",
            ("Security/Eval",),
        ),
        (".php", "/** @psalm-suppress TaintedSql */", "in-code-psalm-suppress", "declaration", ("TaintedSql",)),
        (".rb", "# bearer:disable ruby_lang_eval", "in-code-bearer-disable", "next_line", ("ruby_lang_eval",)),
        (".c", "gets(x); // DevSkim: ignore DS154189", "in-code-devskim-ignore", "line", ("DS154189",)),
        (".cpp", "gets(x); /* Flawfinder: ignore */", "in-code-flawfinder-ignore", "line", None),
        (".js", "f(); // njsscan-ignore: eval_nodejs", "in-code-njsscan-ignore", "line", ("eval_nodejs",)),
        (".hashes.txt", "KEY = 1 # gitleaks:allow", "in-code-gitleaks-allow", "line", None),
        (".slashes.txt", "f() // NOSONAR", "in-code-nosonar", "line", None),
        (".requirements.txt", "a==1  # gitleaks:allow", "in-code-gitleaks-allow", "line", None),
    ],
)
def test_a_marker_is_seen_with_what_it_names(
    suffix: str, text: str, rule: str, reach: str, ids: tuple[str, ...] | None
) -> None:
    assert told(suffix, text + "\n") == [(rule, reach, ids)]
    # The same on a later line, after Windows line ends.
    assert told(suffix, "\r\n\r\n" + text.replace("\n", "\r\n")) == [(rule, reach, ids)]


def test_every_marker_has_an_example_above() -> None:
    parameters = test_a_marker_is_seen_with_what_it_names.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {parameter[2] for parameter in parameters} == {marker.rule for marker in MARKERS}


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".py", "x = '# nosec'"),
        (".py", 'x = "a # nosemgrep b"'),
        (".py", '"""\nPut ``# nosec`` behind the line.\n"""'),
        (".py", "x = '''\n# pragma: allowlist secret\n'''"),
        (".py", 'x = "\\"# nosec"'),
        (".py", "nosec = 1"),
        (".py", "f()  # noqa"),
        (".py", "f()  # noqa: E501"),
        (".py", "# ruff: noqa: E501"),
        (".py", "import gitleaks  # see the docs"),
        (".py", "# Put 'pragma: allowlist nextline secret' above it."),
        (".js", 'x = "// nosemgrep"'),
        (".js", "x = `\n// eslint-disable\n`"),
        (".js", "// eslint-disable-next-line no-console"),
        (".js", "/* eslint-enable */"),
        (".js", "// biome-ignore lint/style/useConst: x"),
        (".java", '@SuppressWarnings("unchecked")'),
        (".java", 'String s = "@SuppressFBWarnings";'),
        (".java", "// @SuppressFBWarnings would be wrong"),
        (".java", 'String s = """\n// NOSONAR\n""";'),
        (".go", "f() //nolint:errcheck"),
        (".go", 's := "#nosec"'),
        (".go", "s := `\n// #nosec\n`"),
        (".cs", "#pragma warning disable CS0618"),
        (".rb", "x # rubocop:disable Style/X"),
        (".sh", "curl https://x/#nosec-and-gitleaks:allow"),
        (".yaml", 'text: "a # gitleaks:allow"'),
        (".html", "<p>write nosemgrep there</p>"),
        (".html", '<a href="https://x/nosemgrep">x</a>'),
        (".c", "// lgtm, merge it"),
        # Prose, whatever it quotes: README.md, notes.rst, and files of which nobody knows what they are.
        (".txt", "eval(x)  # nosec"),
        (".txt", "<!-- nosemgrep -->"),
        (".json", '{"x": "// nosemgrep"}'),
        (".lock", "# gitleaks:allow"),
    ],
)
def test_what_only_mentions_a_marker_is_none(suffix: str, text: str) -> None:
    assert found(suffix, text + "\n") == []


@pytest.mark.parametrize(
    ("suffix", "text", "flagged"),
    [
        (".py", "password = read()  # nosec B105  because Ann says so", "# nosec B105"),
        (".py", "eval(x)  # nosec because", "# nosec"),
        (".js", "eval(x); // nosemgrep: rule-a , rule-b  why", "nosemgrep: rule-a , rule-b"),
        (".js", "// eslint-disable-next-line no-eval, no-console -- why", "eslint-disable-next-line no-eval"),
        (".tf", "# checkov:skip=CKV_AWS_20:why", "checkov:skip=CKV_AWS_20"),
        (".py", "k = 1  # pragma: allowlist secret - why", "pragma: allowlist secret"),
        (".java", "f(); // NOSONAR why", "NOSONAR"),
    ],
)
def test_only_the_marker_is_flagged_and_neither_the_code_nor_the_reason(suffix: str, text: str, flagged: str) -> None:
    for before in ("", "x = 1\n", "x = 1\r\n\r\n", "\ufeff"):
        (entry,) = report(f"000000{suffix}", (before + text).encode())
        line = split_lines((before + text).removeprefix("\ufeff"))[int(str(entry["line"])) - 1]
        assert line[int(str(entry["column"])) - 1 : int(str(entry["end_column"])) - 1] == flagged


def test_two_markers_on_a_line_are_two() -> None:
    text = "f()  # nosec B602 # nosemgrep: rule  # pragma: allowlist secret\n"
    assert [item.rule for item in found(".py", text)] == [
        "in-code-nosec",
        "in-code-nosemgrep",
        "in-code-allowlist-secret",
    ]


def test_a_quote_that_is_never_closed_hides_no_comment() -> None:
    assert len(found(".py", "x = 'oops\ny = 1  # nosec\n")) == 1
    assert len(found(".py", 'x = """oops\ny = 1  # nosec\n')) == 1
    assert len(found(".js", "x = `oops\ny(); // nosemgrep\n")) == 1
    assert len(found(".js", "x = /[\"'`]/; y(); // nosemgrep\n")) == 1
    assert len(found(".html", "don't <!-- nosemgrep --> can't\n")) == 1
    assert len(found(".rs", "fn f<'a>(x: &'a str) {} // nosemgrep: don't\n")) == 1


def test_names_of_bandits_tests_are_known() -> None:
    names = {plugin.name for plugin in MANAGER.plugins} | set(MANAGER.blacklist_by_name)
    for name in sorted(names):
        assert told(".py", f"f()  # nosec {name}\n") == [("in-code-nosec", "line", (name,))]


def test_of_very_many_the_rest_is_one_over_all_of_their_lines() -> None:
    entries = list(report("000000.py", b"x()  # nosec\n" * (MOST + 50)))
    assert len(entries) == MOST + 1
    assert entries[-1] == {"unit": "000000.py", "rule": "many-suppressions", "line": MOST + 1, "end_line": MOST + 50}


_PIECES = [
    "#",
    " nosec",
    "B602",
    "//",
    "/*",
    "*/",
    '"',
    "'",
    "`",
    '"""',
    "\\",
    "\n",
    "\r\n",
    "<!--",
    "-->",
    " nosemgrep:",
    "a.b",
]
_PIECES += [
    "@SuppressWarnings(",
    ")",
    "eslint-disable",
    " no-eval",
    "noqa:",
    "S1",
    "=",
    "/",
    "[",
    "]",
    "é",
    "pragma: allowlist secret",
]
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)


@given(_TEXTS, st.sampled_from([".py", ".js", ".java", ".go", ".html", ".yaml", ".php", ".tf", ".lua", ".rb"]))
def test_every_text_has_tokens_in_their_order_and_suppressions_within_it(text: str, suffix: str) -> None:
    syntax = syntax_of(suffix)
    assert syntax is not None
    spans = list(tokens(text, syntax))
    assert all(token.start < token.end <= len(text) for token in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    assert [text[start:end] for start, end in line_spans(text)] == split_lines(text)
    for item in found(suffix, text):
        assert 0 <= item.start < item.end <= len(text)
    lines = split_lines(text)
    for entry in report(f"000000{suffix}", text.encode()):
        assert 1 <= int(str(entry["line"])) <= int(str(entry["end_line"])) <= len(lines)


@pytest.mark.parametrize(
    "piece",
    [
        '\\"',
        '"',
        '"""',
        '\\"""',
        "'",
        "`",
        "/*",
        "(/[",
        "# ",
        " nosem",
        "# nosec B602 ",
        "@SuppressWarnings(",
        "\n",
        "a",
        "#",
        "/",
        "-",
        " ",
        "nosem:",
        "eslint-disable ",
        "lgtm[",
        "security/",
        "Tainted",
        "kics-scan ",
    ],
)
@pytest.mark.parametrize("suffix", [".py", ".js", ".java", ".go", ".cs", ".c", ".php", ".rb", ".tf", ".dockerfile"])
def test_no_text_takes_more_than_its_length(suffix: str, piece: str) -> None:
    """Quadratic work on this much would take most of a minute."""
    text = piece * (100_000 // len(piece)) + " ".join(marker.keyword for marker in MARKERS)
    started = time.process_time()
    list(report(f"000000{suffix}", text.encode()))
    assert time.process_time() - started < 1.25
