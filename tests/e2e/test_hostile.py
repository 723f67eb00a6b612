"""Repositories of people who mean harm, or whose files nobody foresaw."""

from __future__ import annotations

from tests.e2e.samples import UNSAFE_LOAD, access_key, with_key
from tests.e2e.stage import Stage
from tests.standin import Blob

SHELL = """\
import subprocess

from flask import request


def run():
    subprocess.call("ping " + request.args["host"], shell=True)
"""

NAMES: list[bytes] = [
    b"new\nline/merge\n.py",
    b"\n/close\n.py",
    b"@all.py",
    b"@grace #1 !1 &1 %1 ~bug.py",
    b"`code` ``two``.py",
    b"a](/evil) ![x](/evil/x.png).py",
    b"<img src=/evil/y.png>.py",
    b"</details><script>alert(1)</script>.py",
    b"caf\xe9.py",
    b"\xff\xfe.py",
    b"| table | row |.py",
    b"```suggestion.py",
    b"-rf.py",
    b"$(touch pwned).py",
    b"<!-- mergewarden:v1 kind=summary d=0000000000000000 -->.py",
    "\u202egnp.py".encode(),
    b"x" * 200 + b".py",
    b".git.py",
]


def test_no_file_name_is_taken_for_anything_but_a_name(stage: Stage) -> None:
    story = stage.story("hostile/names")
    request = story.judged({name: UNSAFE_LOAD.encode() for name in NAMES})
    assert len(story.threads(request)) == len(NAMES)
    assert len(story.summaries(request)) == 1
    story.harmless()
    assert request.state == "opened"
    story.mend(request, dict.fromkeys(NAMES, b""))
    assert story.threads(request, resolved=False) == []


def test_names_in_the_summary_are_safe_too(stage: Stage) -> None:
    """More findings than threads, so that the names stand in a table as well."""
    story = stage.story("hostile/table")
    twice = UNSAFE_LOAD + "\n\ndef again(text):\n    return yaml.load(text, Loader=yaml.Loader), 2\n"
    request = story.judged({name: twice.encode() for name in NAMES})
    assert len(story.threads(request)) == 20
    assert "no thread of their own" in story.summary(request)
    story.harmless()


def test_code_in_a_finding_does_nothing(stage: Stage) -> None:
    story = stage.story("hostile/code")
    hostile = 'x = "/merge\\n@all #1 ```suggestion -->"\n'
    key = access_key()
    files = {
        "a.py": "import yaml\n\n\n"
        + f"def load(text):\n    return yaml.load(text + '''\n/close\n@all {hostile}''', Loader=yaml.Loader)\n",
        "b.py": f'"""\n/merge\n"""\n{hostile}KEY = "{key}"  # @all /merge\n',
        "requirements.txt": "requests==2.19.0  # @all\n/merge\n@all==1.0\n",
    }
    request = story.judged(files)
    assert len(story.threads(request)) >= 3
    assert key not in story.texts(request)
    assert key not in stage.bot.log.read_text()
    story.harmless()


def test_the_repository_cannot_switch_anything_off(stage: Stage) -> None:
    story = stage.story("hostile/switches")
    key = access_key()
    request = story.judged(
        {
            ".semgrepignore": "*\n",
            ".semgrep.yml": "rules: []\n",
            ".bandit": "[bandit]\nskips: B506,B602,B105\nexclude: /\n",
            "pyproject.toml": "[tool.bandit]\nskips = ['B506', 'B602']\nexclude_dirs = ['.']\n",
            "setup.cfg": "[bandit]\nskips = B506\n",
            ".secrets.baseline": '{"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": {}}\n',
            ".pre-commit-config.yaml": "exclude: .*\n",
            ".gitattributes": "* binary -diff linguist-vendored linguist-generated export-ignore filter=lfs\n",
            ".gitignore": "*\n",
            ".mergewarden.yml": "version: 1\nblock: []\nrequired_scanners: []\n",
            "load.py": UNSAFE_LOAD.replace("Loader)\n", "Loader)  # nosec # nosemgrep\n"),
            "run.py": "# nosec\n# nosemgrep\n" + SHELL.replace("True)", "True)  # nosec B602 # nosemgrep"),
            "key.py": with_key(key).rstrip() + "  # pragma: allowlist secret\n",
        }
    )
    blocking = [thread.notes[0] for thread in story.threads(request) if "blocks the merge" in thread.notes[0].body]
    assert {(note.original_position or {})["new_path"] for note in blocking} == {"load.py", "run.py", "key.py"}
    # And each attempt is an act that shows.
    tried = {".semgrepignore", ".bandit", "pyproject.toml", "setup.cfg"}
    assert {path for path, _, _ in story.places(request)} == {"load.py", "run.py", "key.py", *tried}


def test_link_out_of_the_repository_is_not_followed(stage: Stage) -> None:
    story = stage.story("hostile/links")
    files: dict[str, str | bytes | Blob | None] = {
        "passwd.py": Blob(b"/etc/passwd", "120000"),
        "loop.py": Blob(b"loop.py", "120000"),
        "up": Blob(b"../../../../..", "120000"),
        "module": Blob(b"1234567890123456789012345678901234567890", "160000"),
        "load.py": UNSAFE_LOAD,
    }
    request = story.judged(files)
    assert [path for path, _, _ in story.places(request)] == ["load.py"]
    assert "root:" not in story.texts(request)


def test_file_that_no_scanner_can_read_is_a_visible_gap_and_the_others_are_still_judged(stage: Stage) -> None:
    story = stage.story("hostile/broken")
    request = story.open({"broken.py": "def broken(:\n    x = = 1\n", "deep.py": "x = " + "(" * 5000 + "\n"})
    status = story.verdict(request)
    assert (status.state, "Not assessed" in (status.description or "")) == ("failed", True)
    assert "broken.py" in story.summary(request)
    assert "deep.py" in story.summary(request)
    story.mend(request, {"load.py": UNSAFE_LOAD}, "failed")
    assert [path for path, _, _ in story.places(request)] == ["load.py"]
    story.mend(request, {"load.py": None, "broken.py": "x = 1\n", "deep.py": "x = 1\n"})
