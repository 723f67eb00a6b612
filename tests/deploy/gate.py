"""A bare repository with the real hook in it, a bot that answers it, and a working copy to push from."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.observability.metrics import Metrics
from bot.pipeline.clearing import settle
from bot.pipeline.git import Repository
from bot.pipeline.hook_desk import HookDesk
from bot.services import Services
from bot.settings import Settings, WebhookAuthentication
from bot.store import projects
from bot.store.engine import write_session
from bot.texts import Language
from bot.web.app import UVICORN_OPTIONS, WebDependencies, create_app
from bot.web.hook import HookDependencies
from bot.web.webhook import WebhookDependencies
from tests.web.fakes import FakeInbox

SCRIPT = Path(__file__).parents[2] / "deploy" / "gitlab" / "pre-receive"
SECRET = "a-secret-that-hook-and-bot-share-0123"
PROJECT = 412
PATH = "shop/backend"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def load_script() -> ModuleType:
    """The hook as a module, to hold its parts against ours."""
    loader = SourceFileLoader("pre_receive", str(SCRIPT))
    spec = spec_from_loader("pre_receive", loader)
    assert spec is not None
    module = module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


@contextmanager
def serving(hook: HookDependencies, requests: list[str]) -> Iterator[int]:
    """The application at a port of this machine; ``requests`` fills with what is asked."""
    webhook = WebhookDependencies(
        WebhookAuthentication(SecretStr("0123456789"), None, False, 300), FakeInbox(), Metrics()
    )
    app = create_app(WebDependencies(webhook=webhook, hook=hook))

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            requests.append(f"{scope['method']} {scope['path']}")
        await app(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(counted, **{**UVICORN_OPTIONS, "lifespan": "off"}))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


@dataclass(frozen=True)
class Pushed:
    """How a push ended."""

    ok: bool
    output: str

    @property
    def told(self) -> list[str]:
        """What GitLab's pages would show."""
        lines = (line.removeprefix("remote: ").strip() for line in self.output.splitlines())
        return [line.removeprefix("GL-HOOK-ERR: ") for line in lines if line.startswith("GL-HOOK-ERR: ")]


@dataclass
class Gate:
    """The scene of one test."""

    folder: Path
    engine: Engine
    language: Language = Language.ENGLISH
    refuse_unknown: bool = False
    serves: Sequence[str] = (PATH,)
    clock_shift: float = 0.0
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bare = self.folder / "server.git"
        self.work = self.folder / "work"
        self.hook = self.folder / "hook" / "pre-receive"
        self.hook.parent.mkdir()
        shutil.copy(SCRIPT, self.hook)
        (self.hook.parent / "secret").write_text(SECRET + "\n")
        (self.hook.parent / "secret").chmod(0o600)
        self.run("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), at=self.folder)
        self.run("clone", "--quiet", str(self.bare), str(self.work), at=self.folder)
        self.run("checkout", "--quiet", "-B", "main")
        self.commit({"app.py": "".join(f"line {n}\n" for n in range(30))}, "begin")
        self.run("push", "--quiet", "origin", "main")
        self.services = Services(Settings(data_dir=self.folder / "data"), Metrics())
        self.services.store = self.engine
        self.repository = Repository(self.bare, scratch_root=self.folder / "scratch")
        self.environment: dict[str, str] = {
            "GL_ID": "user-7",
            "GL_USERNAME": "ada",
            "GL_PROTOCOL": "http",
            "GL_REPOSITORY": f"project-{PROJECT}",
            "GL_PROJECT_PATH": PATH,
        }
        self.configure()
        with write_session(self.engine) as writing:
            projects.upsert_projects(
                writing,
                [projects.Project(PROJECT, PATH, f"https://gitlab.example.com/{PATH}", "", "main")],
            )

    def configure(self, **settings: Any) -> None:
        """Write the hook's settings, those given beside the usual ones; None leaves one out."""
        usual = {
            "url": f"http://127.0.0.1:{self.port}",
            "secret_file": str(self.hook.parent / "secret"),
            "cache_folder": str(self.folder / "cache"),
            "timeout": 5,
        }
        values = {name: value for name, value in {**usual, **settings}.items() if value is not None}
        (self.hook.parent / "mergewarden-hook.json").write_text(json.dumps(values))

    # -- the bot ------------------------------------------------------------------------------------------------------

    port: int = 1
    """Of the bot; nobody listens at 1."""

    @contextmanager
    def bot(self) -> Iterator[None]:
        """While the bot answers."""
        desk = HookDesk(
            store=lambda: self.engine,
            serves=lambda path: path in self.serves,
            refuse_unknown=self.refuse_unknown,
            language=lambda _: self.language,
        )
        hook = HookDependencies(SecretStr(SECRET), desk, lambda: time.time() + self.clock_shift)
        with serving(hook, self.requests) as port:
            self.port = port
            self.configure()
            yield

    def settle(self, iid: int, head: str, *, branch: str = "main", lets_through: bool = True) -> None:
        """A verdict on a merge request of the working copy, as the bot's scan settles it."""
        self.run("push", "--quiet", "--force", str(self.bare), f"{head}:refs/merge-requests/{iid}/head")
        target = self.bare_head(branch)
        settle(
            self.services,
            self.repository,
            project_id=PROJECT,
            iid=iid,
            sequence=0,
            target_branch=branch,
            base_sha=self.repository.merge_base(target, head),
            head_sha=head,
            scan_id=f"scan-{iid}-{head[:8]}",
            lets_through=lets_through,
            at=datetime.now(UTC),
        )

    # -- git ----------------------------------------------------------------------------------------------------------

    def run(self, *arguments: str, at: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=at or self.work,
            env={**_ENVIRONMENT, **(environment or {})},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "change") -> str:
        """Commit on the present branch of the working copy."""
        for name, content in files.items():
            place = self.work / name
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", "-m", message)
        return self.run("rev-parse", "HEAD")

    def branch(self, name: str, start: str = "origin/main") -> None:
        self.run("fetch", "--quiet", "origin")
        self.run("checkout", "--quiet", "-B", name, start)

    def bare_head(self, branch: str = "main") -> str:
        return self.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", at=self.bare)

    def back_door(self, branch: str, sha: str) -> None:
        """Move a branch on the server without the hook."""
        self.run("push", "--quiet", "--force", str(self.bare), f"{sha}:refs/heads/{branch}")

    def push(self, *refspecs: str, force: bool = False) -> Pushed:
        """A push that the hook judges; its environment is the one that Gitaly gives."""
        place = self.bare / "hooks" / "pre-receive"
        given = " ".join(f"{name}='{value}'" for name, value in self.environment.items())
        kept = "PATH GIT_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
        passed = " ".join(f'{name}="${name}"' for name in kept.split())
        place.write_text(f"#!/bin/sh\nexec env -i HOME=/ {passed} {given} '{sys.executable}' -I '{self.hook}'\n")
        place.chmod(0o755)
        try:
            return self.push_without(*refspecs, force=force)
        finally:
            place.unlink()

    def push_without(self, *refspecs: str, force: bool = False) -> Pushed:
        """The same push where no hook is installed."""
        done = subprocess.run(
            ["git", "push", *(["--force"] if force else []), "origin", *refspecs],
            cwd=self.work,
            env=_ENVIRONMENT,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Pushed(done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace"))
