from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.pipeline.git import (
    AccessDenied,
    CommitNotFound,
    CorruptRepository,
    Credential,
    GitCancelled,
    GitError,
    GitTimeout,
    Mirror,
    RefNotFound,
    RepositoryNotFound,
    ServerUnreachable,
    branch_ref,
    branch_refspec,
    merge_request_ref,
    merge_request_refspec,
)
from bot.pipeline.git.command import secret_config
from bot.pipeline.git.errors import from_stderr
from tests.pipeline.git.builder import Builder, git
from tests.pipeline.git.http_server import GitServer, serve

TOKEN = "glpat-very-secret-token"
ENCODED = base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
MAIN = branch_refspec("main")


@pytest.fixture
def server(builder: Builder) -> Iterator[GitServer]:
    with serve(builder.path.parent.parent, password=TOKEN) as running:
        yield running


@pytest.fixture
def make(builder: Builder, server: GitServer, tmp_path: Path) -> Callable[..., Mirror]:
    def make(**options: object) -> Mirror:
        arguments: dict[str, object] = {
            "url": f"{server.url}/group/project.git",
            "credential": Credential("oauth2", SecretStr(TOKEN)),
            "scratch_root": tmp_path / "scratch",
            **options,
        }
        return Mirror(tmp_path / "mirrors" / "42.git", **arguments)  # type: ignore[arg-type]

    return make


def test_first_fetch_creates_the_mirror(builder: Builder, make: Callable[..., Mirror]) -> None:
    head = builder.commit({"a": "1"})
    mirror = make()
    assert not mirror.has_commit(head)
    mirror.fetch([MAIN])
    assert mirror.resolve(branch_ref("main")) == head
    assert [entry.path.name for entry in mirror.tree(head)] == ["a"]


def test_merge_request_of_a_fork_is_read_from_the_target_project(builder: Builder, make: Callable[..., Mirror]) -> None:
    main = builder.commit({"a": "1"})
    fork = builder.commit({"a": "2"}, ref="refs/merge-requests/7/head", parents=[main])
    mirror = make()
    mirror.fetch([MAIN, merge_request_refspec(7)])
    assert mirror.resolve(merge_request_ref(7)) == fork
    assert mirror.merge_base(fork, mirror.resolve(branch_ref("main"))) == main


def test_force_pushed_merge_request_is_followed(builder: Builder, make: Callable[..., Mirror]) -> None:
    main = builder.commit({"a": "1"})
    ref = "refs/merge-requests/7/head"
    first = builder.commit({"a": "2"}, ref=ref, parents=[main])
    mirror = make()
    mirror.fetch([merge_request_refspec(7)])
    second = builder.commit({"a": "3"}, ref=ref, parents=[main])
    mirror.fetch([merge_request_refspec(7)])
    assert mirror.resolve(merge_request_ref(7)) == second
    assert mirror.has_commit(first)


def test_branches_that_cannot_be_files_side_by_side_can_be_fetched(
    builder: Builder, make: Callable[..., Mirror]
) -> None:
    builder.commit({"a": "1"}, ref="refs/heads/a")
    mirror = make()
    mirror.fetch([branch_refspec("a")])
    git(builder.path, "update-ref", "-d", "refs/heads/a")
    nested = builder.commit({"a": "2"}, ref="refs/heads/a/b")
    mirror.fetch([branch_refspec("a/b")])
    assert mirror.resolve(branch_ref("a/b")) == nested


def test_commit_that_is_there_costs_no_request(
    builder: Builder, server: GitServer, make: Callable[..., Mirror]
) -> None:
    head = builder.commit({"a": "1"})
    mirror = make()
    mirror.ensure([head], [MAIN])
    asked = len(server.requests)
    mirror.ensure([head], [MAIN])
    make().ensure([head], [MAIN])
    assert len(server.requests) == asked


def test_what_another_process_has_made_again_is_asked_anew(builder: Builder, make: Callable[..., Mirror]) -> None:
    first = builder.commit({"a": "1"})
    mirror, other = make(), make()
    mirror.fetch([MAIN])
    assert mirror.has_commit(first)
    (other.path / "config").unlink()
    assert not mirror.has_commit(first), "a damaged mirror has nothing"
    git(builder.path, "update-ref", "-d", "refs/heads/main")
    second = builder.commit({"b": "2"}, ref="refs/heads/second")
    other.fetch([branch_refspec("second")])
    assert mirror.has_commit(second)
    assert not mirror.has_commit(first)
    with pytest.raises(CommitNotFound):
        mirror.tree(first)


def test_commit_without_a_ref_is_asked_for_by_its_id(builder: Builder, make: Callable[..., Mirror]) -> None:
    old = builder.commit({"a": "1"}, ref="refs/heads/gone")
    git(builder.path, "update-ref", "-d", "refs/heads/gone")
    mirror = make()
    mirror.ensure([old], [branch_refspec("gone")])
    assert mirror.has_commit(old)


def test_late_ref_is_worth_another_try(builder: Builder, make: Callable[..., Mirror]) -> None:
    builder.commit({"a": "1"})
    with pytest.raises(RefNotFound) as caught:
        make().fetch([merge_request_refspec(9)])
    assert caught.value.retryable
    with pytest.raises(RefNotFound):
        make().ensure(["f" * 40])


def test_tags_and_other_branches_are_not_fetched(builder: Builder, make: Callable[..., Mirror]) -> None:
    head = builder.commit({"a": "1"})
    git(builder.path, "tag", "v1", head)
    builder.commit({"b": "1"}, ref="refs/heads/other")
    mirror = make()
    mirror.fetch([MAIN])
    assert git(mirror.path, "for-each-ref", "--format=%(refname)").split() == [branch_ref("main")]
    assert not (mirror.path / "FETCH_HEAD").exists()


@pytest.mark.parametrize(
    "refspec",
    ["--upload-pack=touch x", "refs/heads/a", "refs/heads/a:refs/heads/b", "refs/heads/*:refs/mergewarden/x", ""],
)
def test_refspecs_outside_our_namespace_are_refused(make: Callable[..., Mirror], refspec: str) -> None:
    with pytest.raises(GitError, match="not something to fetch"):
        make().fetch([refspec])


@pytest.mark.parametrize(
    "url",
    [
        "ssh://host/x.git",
        "git@host:x.git",
        "ext::sh -c id",
        "file:///etc",
        "/etc",
        "--upload-pack=id",
        "https://u:p@host/x",
    ],
)
def test_other_addresses_are_refused(make: Callable[..., Mirror], url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(url=url)
    assert "u:p" not in str(caught.value)


def test_maintenance_keeps_everything_readable(builder: Builder, make: Callable[..., Mirror], tmp_path: Path) -> None:
    mirror = make(url=str(builder.path), allow_file=True)
    heads = []
    for number in range(52):
        heads.append(builder.commit({"a": f"{number}\n" * 10}))
        mirror.fetch([MAIN])
    assert mirror.maintain()
    assert len(list((mirror.path / "objects/pack").glob("*.pack"))) < 3
    assert all(mirror.has_commit(head) for head in heads)
    assert not mirror.maintain()


# -- secrets ----------------------------------------------------------------------------------------------------------


def all_arguments() -> bytes:
    seen = b""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            seen += place.read_bytes() + b"\n"
        except OSError:
            continue
    return seen


def test_token_is_in_no_process_list_and_in_no_file(
    builder: Builder, server: GitServer, make: Callable[..., Mirror], tmp_path: Path
) -> None:
    head = builder.commit({"a": "1" * 5000})
    server.stall = True
    mirror = make()
    fetching = threading.Thread(target=mirror.fetch, args=([MAIN],))
    fetching.start()
    assert server.half_sent.wait(20)
    arguments = all_arguments()
    server.go_on.set()
    fetching.join()
    assert mirror.has_commit(head)
    assert b"/group/project.git" in arguments  # we did look at the right moment
    assert TOKEN.encode() not in arguments
    assert ENCODED.encode() not in arguments
    for place in (tmp_path / "mirrors").rglob("*"):
        if place.is_file():
            content = place.read_bytes()
            assert TOKEN.encode() not in content
            assert ENCODED.encode() not in content
    assert TOKEN not in repr(mirror._credential)


def test_wrong_token_is_access_denied_without_showing_it(
    builder: Builder, make: Callable[..., Mirror], caplog: pytest.LogCaptureFixture
) -> None:
    builder.commit({"a": "1"})
    with pytest.raises(AccessDenied) as caught:
        make(credential=Credential("oauth2", SecretStr("wrong-token"))).fetch([MAIN])
    assert not caught.value.retryable
    assert "read_repository" in caught.value.hint
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    assert "wrong-token" not in shown
    assert base64.b64encode(b"oauth2:wrong-token").decode() not in shown
    with pytest.raises(AccessDenied):
        make(credential=None).fetch([MAIN])


def test_what_git_says_is_shown_without_secrets_and_control_characters() -> None:
    told = f"remote: {TOKEN} access denied\nfatal: \x1b[31munable to access 'https://me:{TOKEN}@host/x': {ENCODED}\n"
    error = from_stderr("fetch", told, Credential("oauth2", SecretStr(TOKEN)).secrets())
    assert str(error) == "git fetch failed: fatal:  [31munable to access 'https://host/x': [hidden]"


def test_redirect_is_not_followed_with_our_token(
    builder: Builder, server: GitServer, make: Callable[..., Mirror]
) -> None:
    builder.commit({"a": "1"})
    with serve(builder.path.parent.parent, password=TOKEN) as elsewhere:
        server.redirect_to = elsewhere.url
        with pytest.raises(GitError):
            make().fetch([MAIN])
        assert elsewhere.requests == []


def test_old_git_gets_its_token_by_the_environment_too(builder: Builder, server: GitServer) -> None:
    builder.commit({"a": "1"})
    url = f"{server.url}/group/project.git"
    for version in ((2, 30, 2), (2, 39, 5)):
        secret = secret_config(url, Credential("oauth2", SecretStr(TOKEN)), version)
        done = subprocess.run(
            ["git", "-c", "credential.helper=", "ls-remote", url],
            env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", **secret},
            capture_output=True,
            check=False,
        )
        assert b"refs/heads/main" in done.stdout, done.stderr


# -- a server that misbehaves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (401, AccessDenied, False),
        (403, AccessDenied, False),
        (404, RepositoryNotFound, False),
        (429, ServerUnreachable, True),
        (500, ServerUnreachable, True),
        (503, ServerUnreachable, True),
    ],
)
def test_answers_of_the_server_have_names(
    server: GitServer, make: Callable[..., Mirror], status: int, kind: type[GitError], retryable: bool
) -> None:
    server.answer_status = status
    with pytest.raises(kind) as caught:
        make().fetch([MAIN])
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert TOKEN not in str(caught.value)


def test_server_that_is_not_there_is_unreachable(make: Callable[..., Mirror]) -> None:
    with pytest.raises(ServerUnreachable):
        make(url="http://127.0.0.1:1/x.git").fetch([MAIN])


def test_server_that_stalls_ends_in_a_timeout_and_can_be_cancelled(
    builder: Builder, server: GitServer, make: Callable[..., Mirror]
) -> None:
    builder.commit({"a": "1" * 5000})
    server.stall = True
    with pytest.raises(GitTimeout):
        make(fetch_timeout=1.0).fetch([MAIN])
    with pytest.raises(GitCancelled):
        make(cancelled=server.half_sent.is_set).fetch([MAIN])


# -- a mirror that suffered -------------------------------------------------------------------------------------------


def truncate_pack(mirror: Path) -> None:
    for pack in (mirror / "objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, 40)


def empty_index(mirror: Path) -> None:
    for index in (mirror / "objects/pack").glob("*.idx"):
        index.chmod(0o600)
        os.truncate(index, 0)


def empty_refs(mirror: Path) -> None:
    for ref in (mirror / "refs").rglob("*"):
        if ref.is_file():
            os.truncate(ref, 0)


def empty_folder(mirror: Path) -> None:
    shutil.rmtree(mirror)
    mirror.mkdir()


def file_in_its_place(mirror: Path) -> None:
    shutil.rmtree(mirror)
    mirror.write_text("a file")


DAMAGES: list[Callable[[Path], object]] = [
    truncate_pack,
    empty_index,
    empty_refs,
    lambda mirror: (mirror / "HEAD").unlink(),
    lambda mirror: (mirror / "config").write_text(""),
    lambda mirror: (mirror / "config").write_text('[remote "x"]\n\turl = ext::sh -c id\n'),
    lambda mirror: shutil.rmtree(mirror / "objects"),
    empty_folder,
    file_in_its_place,
    lambda mirror: (mirror / "packed-refs.lock").touch(),
    lambda mirror: (mirror / "refs/mergewarden/branch" / (branch_ref("main").rpartition("/")[2] + ".lock")).touch(),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[str(number) for number in range(len(DAMAGES))])
def test_damaged_mirror_is_healed_by_the_next_fetch(
    builder: Builder, make: Callable[..., Mirror], damage: Callable[[Path], object]
) -> None:
    first = builder.commit({"a": "1" * 1000})
    mirror = make()
    mirror.fetch([MAIN])
    damage(mirror.path)
    second = builder.commit({"a": "2" * 1000})
    mirror.ensure([first, second], [MAIN])
    assert [mirror.read_blob(mirror.tree(sha)[0].blob, 5000) for sha in (first, second)] == [b"1" * 1000, b"2" * 1000]


def test_damage_seen_while_reading_is_remembered_until_the_next_fetch(
    builder: Builder, make: Callable[..., Mirror]
) -> None:
    head = builder.commit({"a": os.urandom(4000)})
    mirror = make()
    mirror.fetch([MAIN])
    blob = mirror.tree(head)[0].blob
    (pack,) = (mirror.path / "objects/pack").glob("*.pack")
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    pack.write_bytes(content)
    with pytest.raises(CorruptRepository):
        mirror.read_blob(blob, 5000)
    assert not mirror.has_commit(head)
    mirror.ensure([head], [MAIN])
    assert mirror.read_blob(blob, 5000) is not None


def test_fetch_that_was_killed_leaves_a_usable_mirror(
    builder: Builder, server: GitServer, make: Callable[..., Mirror]
) -> None:
    builder.commit({"a": "1"})
    mirror = make()
    mirror.fetch([MAIN])
    head = builder.commit({f"f{n}": os.urandom(500) for n in range(200)})
    server.stall = True
    script = (
        "import sys; from pathlib import Path; from pydantic import SecretStr;"
        "from bot.pipeline.git import Mirror, Credential;"
        "Mirror(Path(sys.argv[1]), sys.argv[2], Credential('oauth2', SecretStr(sys.stdin.read()))).fetch([sys.argv[3]])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(mirror.path), mirror.url, MAIN], stdin=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdin is not None
    child.stdin.write(TOKEN.encode())
    child.stdin.close()
    assert server.half_sent.wait(30)
    child.send_signal(signal.SIGKILL)
    child.wait()
    server.stall = False
    server.go_on.set()
    assert not mirror.has_commit(head)
    mirror.ensure([head], [MAIN])
    assert len(mirror.tree(head)) == 201
    assert not list((mirror.path / "objects/pack").glob("tmp_*"))


def test_fetches_of_several_processes_take_turns(builder: Builder, make: Callable[..., Mirror]) -> None:
    head = builder.commit({"a": "1"})
    mirror = make(lock_timeout=0.3)
    with mirror._lock(1), pytest.raises(GitTimeout, match="another process"):
        make(lock_timeout=0.3).fetch([MAIN])
    with mirror._lock(1), pytest.raises(GitCancelled):
        make(cancelled=lambda: True).fetch([MAIN])
    errors: list[BaseException] = []

    def fetch() -> None:
        try:
            make().ensure([head], [MAIN])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert mirror.has_commit(head)


def test_fetch_of_one_commit_on_a_warm_mirror_is_fast(builder: Builder, make: Callable[..., Mirror]) -> None:
    builder.commit({f"f{n}.py": f"x = {n}\n" * 100 for n in range(1000)})
    mirror = make()
    mirror.fetch([MAIN])
    head = builder.commit({"f1.py": "changed\n"})
    started = time.monotonic()
    mirror.ensure([head], [MAIN])
    assert time.monotonic() - started < 5
