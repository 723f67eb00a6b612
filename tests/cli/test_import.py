"""``mergewarden import`` and ``mergewarden token``, as somebody without a GitLab uses them, and with one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine
from tests.standin import DEVELOPER, Standin
from tests.stores import place_store

RULE = {"id": "no-eval", "shortDescription": {"text": "eval"}, "defaultConfiguration": {"level": "error"}}


def sarif(*places: tuple[str, int], tool: str = "ESLint") -> str:
    """A report of another tool, one result per place."""
    results = [
        {
            "ruleId": "no-eval",
            "message": {"text": "eval can be harmful."},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}],
        }
        for uri, line in places
    ]
    driver = {"name": tool, "semanticVersion": "9.1.0", "rules": [RULE]}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]})


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """An air-gapped host: no GitLab, the embedded store, nothing prepared."""
    place_store(tmp_path / "mergewarden.db")
    return CommandLine(tmp_path)


def write(line: CommandLine, name: str, content: str | bytes) -> Path:
    path = line.data_dir / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


WHERE = ("--project", "shop/backend", "--ref", "main")


def test_without_gitlab_a_report_is_simply_taken_in(line: CommandLine) -> None:
    write(line, "x.sarif", sarif(("src/a.js", 3), ("src/b.js", 5), ("../../etc/passwd", 1)))
    done = line("import", "x.sarif", *WHERE)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "x.sarif: sarif, from ESLint 9.1.0")
    assert "2 new, 0 known, 0 changed, 0 returned, 0 gone, 1 rejected" in done.stdout
    assert "rejected runs[0].results[2]: " in done.stdout
    assert "shop/backend is new here" in done.stderr
    listed = line("findings", "list", "--project", "shop/backend")
    assert "src/a.js:3" in listed.stdout, listed.stderr

    again = line("import", "x.sarif", *WHERE)
    assert (again.returncode, "nothing changed" in again.stdout, again.stderr) == (0, True, "")


def test_the_next_report_says_what_is_new_known_and_gone(line: CommandLine) -> None:
    write(line, "1.sarif", sarif(("src/a.js", 3), ("src/b.js", 5)))
    write(line, "2.sarif", sarif(("src/b.js", 5), ("src/c.js", 7)))
    assert line("import", "1.sarif", *WHERE).returncode == 0
    assert "1 new, 1 known, 0 changed, 0 returned, 1 gone" in line("import", "2.sarif", *WHERE).stdout


def test_a_refused_file_says_where_and_does_not_keep_the_others_out(line: CommandLine) -> None:
    write(line, "cut.sarif", sarif(("src/a.js", 3))[:-40])
    write(line, "picture.png", b"\x89PNG\r\n\x1a\n\x00\xff")
    write(line, "good.sarif", sarif(("src/a.js", 3)))
    done = line("import", "cut.sarif", "picture.png", "missing.json", "good.sarif", *WHERE)
    assert done.returncode == 2
    assert "1 of 4 files imported for shop/backend" in done.stdout
    assert done.stderr.count("refused, nothing of it is stored") == 3
    refused = line("import", line.data_dir / "cut.sarif", *WHERE)
    assert refused.stderr.count("cut.sarif") == 1
    for name in ("cut.sarif", "picture.png", "missing.json"):
        assert name in done.stderr
    assert "good.sarif" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bill_of_materials_without_vulnerabilities_says_what_it_lacks(line: CommandLine) -> None:
    write(line, "bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []}))
    done = line("import", "bom.json", *WHERE)
    assert (done.returncode, "look for vulnerabilities" in done.stderr) == (2, True)


def test_json_for_scripts_has_everything(line: CommandLine) -> None:
    write(line, "x.sarif", sarif(("src/a.js", 3)))
    write(line, "bad.json", "{")
    done = line("import", "x.sarif", "bad.json", *WHERE, "--sha", "A" * 40, "-o", "json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 2
    assert document["project"] == {"id": -1, "path": "shop/backend"}
    assert (document["ref"], document["merge_request"], document["commit"]) == ("main", None, "a" * 40)
    (taken,) = document["imports"]
    assert (taken["file"], taken["format"], taken["tools"], taken["repeated"]) == (
        "x.sarif",
        "sarif",
        ["ESLint 9.1.0"],
        False,
    )
    assert taken["counts"]["new"] == 1
    (refused,) = document["refused"]
    assert refused["file"] == "bad.json"
    assert refused["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--project", "shop", "--ref", "main"), "full path"),
        (("--project", "412", "--ref", "main"), "no project 412"),
        (("--project", "shop/backend"), "neither a branch nor a merge request"),
        (("--project", "shop/backend", "--merge-request", "7"), "target branch of !7 is not known"),
        (("--project", "shop/backend", "--ref", "main", "--sha", "HEAD"), "not a full id"),
        (("--project", "shop/backend", "--ref", "main", "--merge-request", "0"), "merge-request"),
        (("--ref", "main"), "--project"),
    ],
)
def test_wrong_use_is_said_before_anything_is_read(line: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    write(line, "x.sarif", sarif(("src/a.js", 3)))
    done = line("import", "x.sarif", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_a_format_that_there_is_not_names_those_that_there_are(line: CommandLine) -> None:
    write(line, "x.sarif", sarif(("src/a.js", 3)))
    done = line("import", "x.sarif", *WHERE, "--format", "xml")
    assert (done.returncode, "sarif" in done.stderr) == (2, True)


def test_absolute_paths_of_a_build_are_made_relative(line: CommandLine) -> None:
    write(line, "x.sarif", sarif(("/builds/shop/backend/src/a.js", 3)))
    assert "1 rejected" in line("import", "x.sarif", *WHERE).stdout
    # As the message says: the same file once more, with the folder.
    again = ("import", "x.sarif", *WHERE, "--strip-prefix", "/builds/shop/backend")
    done = line(*again)
    assert "1 new" in done.stdout
    assert "0 rejected" in done.stdout
    assert "the same as import 2" in line(*again).stdout


def test_names_of_files_and_tools_cannot_rewrite_the_terminal(line: CommandLine) -> None:
    write(line, "a\x1b[2Jb.sarif", sarif(("src/a.js", 3), tool="ev\u202eil\x1b[31m"))
    done = line("import", "a\x1b[2Jb.sarif", "c\x1bd.sarif", *WHERE)
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout


# --- with a GitLab ----------------------------------------------------------------------------------------------------


@pytest.fixture
def connected(tmp_path: Path) -> Any:
    with Standin(tmp_path / "gitlab") as gitlab:
        user = gitlab.create_user("warden", bot=True)
        project = gitlab.create_project(
            "good/shop", {"src/a.js": "a\n" * 9}, members={user: DEVELOPER}, default_branch="trunk"
        )
        (tmp_path / "data").mkdir()
        line = CommandLine(tmp_path / "data", {"GITLAB_URL": gitlab.url, "GITLAB_TOKEN": gitlab.create_token(user)})
        yield line, project


def test_a_project_is_looked_up_where_there_is_a_gitlab(connected: Any) -> None:
    line, project = connected
    write(line, "x.sarif", sarif(("src/a.js", 3)))
    sha = project.repository.branches()["trunk"]
    done = line("import", "x.sarif", "--project", "good/shop", "--ref", "trunk", "--sha", sha, "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["project"] == {"id": project.id, "path": "good/shop"}
    by_number = line("import", "x.sarif", "--project", str(project.id), "--ref", "trunk", "--sha", sha)
    assert "nothing changed" in by_number.stdout


def test_a_project_that_gitlab_does_not_know_is_not_made_up(connected: Any) -> None:
    line, _ = connected
    write(line, "x.sarif", sarif(("src/a.js", 3)))
    done = line("import", "x.sarif", "--project", "good/shpo", "--ref", "main")
    assert (done.returncode, "GitLab knows no project good/shpo" in done.stderr) == (2, True)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_alone_and_never_again(line: CommandLine) -> None:
    made = line("token", "create", "shop-ci", "--scope", "import", "--project", "shop/*", "--days", "30")
    assert made.returncode == 0
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n"
    assert (token.startswith("mwt_"), len(token)) == (True, 47)
    assert "shop/*" in made.stderr
    assert token not in made.stderr
    for arguments in (("token", "list"), ("token", "list", "--format", "json"), ("token", "list", "--all")):
        done = line(*arguments)
        assert (done.returncode, "shop-ci" in done.stdout, token in done.stdout) == (0, True, False)
    stored = b"".join(path.read_bytes() for path in line.data_dir.glob("mergewarden.db*"))
    assert token.encode() not in stored


def test_a_revoked_token_leaves_the_list_and_stays_on_record(line: CommandLine) -> None:
    line("token", "create", "one", "--scope", "read", "--scope", "import")
    assert "token 1 (one) is revoked" in line("token", "revoke", "1").stdout
    assert "no tokens" in line("token", "list").stdout
    (kept,) = json.loads(line("token", "list", "--all", "-f", "json").stdout)["tokens"]
    assert (kept["standing"], kept["scopes"], kept["project"]) == ("revoked", ["import", "read"], "**")
    assert line("token", "revoke", "2").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "x"),
        ("create", "x", "--scope", "everything"),
        ("create", "x", "--scope", "read", "--days", "401"),
        ("create", "x", "--scope", "read", "--days", "0"),
        ("create", "a\nb", "--scope", "read"),
        ("create", "x", "--scope", "read", "--project", "!shop"),
        ("revoke", "0"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(line: CommandLine, arguments: tuple[str, ...]) -> None:
    done = line("token", *arguments)
    assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (2, False, "")


def test_whoever_makes_a_token_is_on_record(line: CommandLine) -> None:
    line("token", "create", "x", "--scope", "read")
    line("token", "create", "y", "--scope", "read", "--by", "grace")
    makers = [one["created_by"] for one in json.loads(line("token", "list", "-f", "json").stdout)["tokens"]]
    assert makers[1] == "grace"
    assert makers[0] not in ("", os.environ.get("NOBODY"))
