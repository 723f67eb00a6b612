"""
The HTTP side: REST routing by raw path, git over smart HTTP, faults, and the request log.

One thread-pool thread per request; the world has its own lock.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import IO, Any, cast
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.standin import access, page, serverhooks
from tests.standin import faults as fault_module
from tests.standin.errors import ApiError, HookRefused
from tests.standin.model import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    REPORTER,
    Discussion,
    Group,
    Json,
    MergeRequest,
    Note,
    Project,
    RequestRecord,
    Token,
    User,
)
from tests.standin.repository import git_environment
from tests.standin.world import World


@dataclass
class Call:
    """One API request on its way to a handler."""

    world: World
    method: str
    path: str
    arguments: dict[str, str]
    params: Json
    query: dict[str, str]
    token: Token | None
    headers_out: dict[str, str] = field(default_factory=dict)

    @property
    def user(self) -> User:
        if self.token is None:
            raise ApiError(401, "401 Unauthorized")
        return self.token.user

    def project(self, least: int = GUEST) -> Project:
        """The project of this call. A private project of others does not exist: 404."""
        found, moved = self.world.find_project(self.arguments["id"])
        level = self.world.access_level(found, self.user) if found else 0
        if found is None or (level < GUEST and found.visibility == "private"):
            raise ApiError(404, "404 Project Not Found")
        if moved and self.method != "GET":
            raise ApiError(405, "Non GET methods are not allowed for moved projects")
        if found.archived and self.method != "GET":
            raise ApiError(403, "403 Forbidden")
        if level < least and not (self.method == "GET" and least <= REPORTER and found.visibility != "private"):
            raise ApiError(403, "403 Forbidden")
        return found

    def group(self) -> Group:
        """The group of this call; a private one is there for its members only."""
        found = self.world.find_group(self.arguments["id"])
        member = found is not None and self.user.id in access.levels(self.world, found)
        if found is None or not (member or self.user.admin or found.visibility != "private"):
            raise ApiError(404, "404 Group Not Found")
        return found

    def may_push(self, project: Project, branch: str) -> None:
        if not access.can_push(self.world, project, self.user, branch):
            raise ApiError(403, "You are not allowed to push into this branch")

    def merge_request(self, least: int = GUEST) -> MergeRequest:
        found = self.project(least).merge_requests.get(_number(self.arguments["iid"]))
        if found is None:
            raise ApiError(404, "404 Not found")
        return found

    def discussion(self) -> tuple[MergeRequest, Discussion]:
        request = self.merge_request()
        found = next((d for d in request.discussions if d.id == self.arguments["discussion"]), None)
        if found is None:
            raise ApiError(404, "404 Discussion Not Found")
        return request, found

    def note(self) -> tuple[MergeRequest, Discussion, Note]:
        request = self.merge_request()
        wanted = _number(self.arguments["note"])
        for discussion in request.discussions:
            if self.arguments.get("discussion", discussion.id) != discussion.id:
                continue
            for note in discussion.notes:
                if note.id == wanted:
                    return request, discussion, note
        raise ApiError(404, "404 Note Not Found")

    def required(self, name: str) -> Any:
        if self.params.get(name) is None:
            raise ApiError(400, {"error": f"{name} is missing"})
        return self.params[name]

    def flag(self, name: str) -> bool | None:
        value = self.params.get(name)
        return None if value is None else value in (True, "true", "1", 1)

    def paginate(self, rows: Sequence[Any], *, totals: bool = True) -> list[Any]:
        """One page of ``rows`` and the headers that go with it."""
        page_number, size = (_number(self.query.get(k, d)) for k, d in (("page", "1"), ("per_page", "20")))
        page_number, size = max(1, page_number), min(100, max(1, size))
        if page_number * size > 50_000:
            message = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects"
            raise ApiError(405, {"error": message})
        pages = max(1, -(-len(rows) // size))
        more = page_number < pages
        totals = totals and len(rows) <= 10_000
        links = [("first", 1)] + ([("prev", page_number - 1)] if page_number > 1 else [])
        links += [("next", page_number + 1)] if more else []
        links += [("last", pages)] if totals else []
        self.headers_out |= {
            "x-page": str(page_number),
            "x-per-page": str(size),
            "x-next-page": str(page_number + 1) if more else "",
            "x-prev-page": str(page_number - 1) if page_number > 1 else "",
            "link": ", ".join(f'<{self._address(page=n, per_page=size)}>; rel="{rel}"' for rel, n in links),
        }
        if totals:
            self.headers_out |= {"x-total": str(len(rows)), "x-total-pages": str(pages)}
        return list(rows[(page_number - 1) * size : page_number * size])

    def keyset(self, rows: Sequence[Any], number: Callable[[Any], int]) -> list[Any]:
        """One page by id, with only a ``next`` link."""
        size = min(100, _number(self.query.get("per_page", "20")))
        ascending = self.query.get("sort", "desc") == "asc"
        ordered = sorted(rows, key=number, reverse=not ascending)
        mark = "id_after" if ascending else "id_before"
        if mark in self.query:
            limit = _number(self.query[mark])
            ordered = [r for r in ordered if (number(r) > limit if ascending else number(r) < limit)]
        if len(ordered) > size:
            following = self._address(**{mark: number(ordered[size - 1])})
            self.headers_out["link"] = f'<{following}>; rel="next"'
        return ordered[:size]

    def _address(self, **changes: int) -> str:
        query = {**self.query, **{k: str(v) for k, v in changes.items()}}
        return f"{self.world.url}{self.path}?{urlencode(query)}"


Handler = Callable[[Call], tuple[int, Any]]
_ROUTES: list[tuple[str, re.Pattern[str], Handler, str, bool]] = []


def route(method: str, pattern: str, *, scope: str = "", locked: bool = True) -> Callable[[Handler], Handler]:
    """
    Register a handler for ``/api/v4/<pattern>``; ``:name`` matches one raw segment, ``*name`` all that follow.

    A handler that moves a branch is registered with ``locked=False``: server hooks run, and they may take long or ask
    somebody who asks GitLab.
    """
    kinds = {":": "[^/]+", "*": ".+"}
    expression = re.compile(
        "/".join(f"(?P<{s[1:]}>{kinds[s[0]]})" if s[:1] in kinds else s for s in pattern.split("/"))
    )

    def register(handler: Handler) -> Handler:
        _ROUTES.append((method, expression, handler, scope or ("api" if method != "GET" else "read_api"), locked))
        return handler

    return register


class Server:
    """The ASGI application."""

    def __init__(self, world: World, faults: fault_module.Faults) -> None:
        self.world = world
        self.faults = faults
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's protocol, but remembering connections so that a fault can cut one."""
        transports = self.transports

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                peer = transport.get_extra_info("peername")
                if peer:
                    transports[(peer[0], peer[1])] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    transports.pop((self.client[0], self.client[1]), None)
                super().connection_lost(exc)

        return Protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        raw = cast(bytes, scope["raw_path"]).decode("latin-1").partition("?")[0]
        is_git = re.search(r"\.git/(info/refs|git-upload-pack|git-receive-pack)$", raw) is not None
        spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=4_000_000)  # noqa: SIM115
        try:
            async for chunk in request.stream():
                spool.write(chunk)
        except ClientDisconnect:
            return
        spool.seek(0)
        params = {} if is_git else _parse_params(request, spool)
        fault = self.faults.take(request.method, raw, params)
        if fault is not None:
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.action == "hang":
                self._log(request, raw, 0, None)
                await asyncio.sleep(3600)
            if fault.action == "reset":
                self._log(request, raw, 0, None)
                self._cut(scope)
                return
        token = self._token(request)
        response: Response
        if fault is not None and fault.response is not None:
            body = fault.response.body
            text = body if isinstance(body, str) else json.dumps(body)
            headers = {"content-type": "text/plain" if isinstance(body, str) else "application/json"}
            response = Response(text, fault.response.status, headers | fault.response.headers)
        elif is_git:
            response = await run_in_threadpool(self._git, request, raw, spool, token)
        elif raw.startswith("/storage/"):
            response = Response(self.world.storage[raw.removeprefix("/storage/")])
        elif raw.startswith("/api/v4/"):
            response = await run_in_threadpool(self._api, request, raw, params, token)
        else:
            response = await run_in_threadpool(self._page, raw)
        self._log(request, raw, response.status_code, token)
        if fault is not None and fault.action == "handle_then_reset":
            self._cut(scope)
            return
        await response(scope, receive, send)

    def _cut(self, scope: Scope) -> None:
        client = scope["client"]
        if client and (transport := self.transports.get((client[0], client[1]))):
            transport.abort()

    def _log(self, request: Request, raw: str, status: int, token: Token | None) -> None:
        with self.world.lock:
            name = token.user.username if token else None
            self.world.requests.append(RequestRecord(request.method, raw, request.url.query, status, name))

    def _token(self, request: Request) -> Token | None:
        header = request.headers.get("authorization", "")
        value = request.headers.get("private-token") or ""
        if header.lower().startswith("bearer "):
            value = header[7:].strip()
        elif header.lower().startswith("basic "):
            try:
                value = base64.b64decode(header[6:]).decode().partition(":")[2]
            except ValueError:
                value = ""
        found = self.world.tokens.get(value)
        return found if found and not found.revoked and found.user.state == "active" else None

    def _api(self, request: Request, raw: str, params: Json, token: Token | None) -> Response:
        path = raw.removeprefix("/api/v4/").rstrip("/")
        allowed = False
        for method, pattern, handler, scope, locked in _ROUTES:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            allowed = True
            if method != request.method:
                continue
            arguments = {k: unquote(v) for k, v in match.groupdict().items()}
            query = dict(parse_qsl(request.url.query, keep_blank_values=True))
            call = Call(self.world, method, raw, arguments, params, query, token)
            try:
                if token is None:
                    raise ApiError(401, "401 Unauthorized")
                _check_scope(token, scope)
                with self.world.lock if locked else nullcontext():
                    status, body = handler(call)
            except ApiError as error:
                return _json(error.status, error.body, error.headers)
            except HookRefused as refused:
                return _json(400, {"message": refused.message}, {})
            return _json(status, body, call.headers_out)
        if allowed:
            return _json(405, {"error": "405 Not Allowed"}, {})
        return _json(404, {"error": "404 Not Found"}, {})

    def _page(self, raw: str) -> Response:
        path = unquote(raw)
        with self.world.lock:
            if match := re.fullmatch(r"/(?P<path>.+)/-/merge_requests/(?P<iid>\d+)/?", path):
                found, _ = self.world.find_project(match["path"])
                request = found.merge_requests.get(int(match["iid"])) if found else None
                if request is not None:
                    return HTMLResponse(page.merge_request_page(self.world, request))
            if path == "/":
                return HTMLResponse(page.front_page(self.world))
            found, moved = self.world.find_project(path.strip("/"))
            if found is not None:
                return RedirectResponse(f"/{found.path}") if moved else HTMLResponse(page.front_page(self.world, found))
        return HTMLResponse(page.not_found_page(), 404)

    def _git(self, request: Request, raw: str, body: IO[bytes], token: Token | None) -> Response:
        match = re.fullmatch(r"/(?P<path>.+)\.git(?P<rest>/.+)", unquote(raw))
        assert match is not None
        with self.world.lock:
            project, _ = self.world.find_project(match["path"])
        writes = "git-receive-pack" in raw or "git-receive-pack" in request.url.query
        challenge = {"www-authenticate": 'Basic realm="GitLab"'}
        denied = Response("HTTP Basic: Access denied", 401, challenge)
        scopes = set(token.scopes) if token else set()
        if token is None and (project is None or project.visibility != "public" or writes):
            return denied
        if token is not None and not scopes & ({"api", "write_repository"} if writes else {"api", "read_repository"}):
            return denied
        level = self.world.access_level(project, token.user) if project and token else 0
        if project is None or (level < REPORTER and project.visibility == "private"):
            return Response("The project you were looking for could not be found.", 404)
        if writes and (level < DEVELOPER or project.archived):
            return Response("You are not allowed to push code to this project.", 403)
        # The commands stand before the pack.
        changes = serverhooks.pushed_changes(body.read(1 << 20)) if writes and request.method == "POST" else []
        response = self._run_backend(request, project, match["rest"], body, token, changes)
        if changes and token is not None:
            serverhooks.announce(self.world, project, token.user, changes)
        return response

    def _run_backend(
        self,
        request: Request,
        project: Project,
        rest: str,
        body: IO[bytes],
        token: Token | None,
        changes: list[serverhooks.Change],
    ) -> Response:
        body.seek(0, 2)
        length = body.tell()
        body.seek(0)
        environment = {
            **git_environment(),
            "GIT_PROJECT_ROOT": str(project.repository.directory.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{project.repository.directory.name}{rest}",
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        if token is not None:
            environment["REMOTE_USER"] = token.user.username
        if token is not None and changes:
            with self.world.lock:
                environment |= serverhooks.environment(self.world, project, token.user, changes, "http")
        incoming: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        while chunk := body.read(1 << 20):
            incoming.write(chunk)
        incoming.seek(0)
        process = subprocess.Popen(
            ["git", "http-backend"],
            stdin=incoming,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        incoming.close()
        assert process.stdout is not None
        status, headers = 200, {}
        while (line := process.stdout.readline()).strip():
            name, _, value = line.decode("latin-1").strip().partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers[name.lower()] = value
        if request.method == "POST" and rest.endswith("receive-pack"):
            # Wait for the push to be in the repository before anything is told about it.
            content = process.stdout.read()
            process.wait()
            return Response(content, status, headers)
        return StreamingResponse(_chunks(process), status, headers)


def _chunks(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    try:
        while chunk := process.stdout.read(1 << 16):
            yield chunk
    finally:
        process.stdout.close()
        process.kill()
        process.wait()


def _check_scope(token: Token, scope: str) -> None:
    enough = {"api"} | ({"read_api"} if scope != "api" else set()) | ({"read_user"} if scope == "read_user" else set())
    if scope != "any" and not enough & set(token.scopes):
        raise ApiError(
            403,
            {
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": "api" if scope == "api" else "api read_api",
            },
        )


def _parse_params(request: Request, body: IO[bytes]) -> Json:
    params: Json = dict(parse_qsl(request.url.query, keep_blank_values=True))
    raw = body.read()
    kind = request.headers.get("content-type", "")
    if "json" in kind and raw:
        try:
            parsed = json.loads(raw)
        except ValueError:
            parsed = {}
        params |= parsed if isinstance(parsed, dict) else {}
    elif raw and "urlencoded" in kind:
        for key, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
            outer, _, inner = key.partition("[")
            if inner:
                params.setdefault(outer, {})[inner.rstrip("]")] = value
            else:
                params[key] = value
    return params


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    if status == 204:
        return Response(b"", 204, headers)
    if isinstance(body, bytes):
        return Response(body, status, {"content-type": "application/octet-stream", **headers})
    return Response(json.dumps(body), status, {"content-type": "application/json", **headers})


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ApiError(400, {"error": "id is invalid"}) from None


__all__ = ["MAINTAINER", "Call", "Server", "route"]
