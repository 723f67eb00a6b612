"""
Who comes to the desk, and whether he may: every page, act and API call of it goes through an ``Entry``.

A handler is a plain function from a ``Visit`` to a response and runs in a thread. What it is told about the visitor was
found out for this very request: ``Doorman`` asks the store for his session or token, his grants and memberships.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import anyio.to_thread
import structlog
from starlette.datastructures import FormData, Headers, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Message

from bot.domain.roles import Kind, Permission, Principal
from bot.errors import sentence
from bot.reports.visible import one_line
from bot.texts import N_, Language
from bot.web.api import access
from bot.web.api.access import BASIC, BEARER, basic_password, bearer
from bot.web.api.answering import answered, leave_unread
from bot.web.api.problems import Problem, answer
from bot.web.frame import LANGUAGE_COOKIE

log = structlog.get_logger("mergewarden.desk")

SIGN_IN = "/sign-in"
SESSION_COOKIE = access.SESSION_COOKIE
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
MAX_BODY = 1024 * 1024
"""Bytes of the largest form or document that is read whole; reports of tools have a route of their own."""
_KEYS_IN_PATHS = frozenset({"code", "signature"})
_MAX_FIELDS = 2000
_MAX_COOKIE = 400
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought to say who sends it. Never logged."""

    session: str | None = field(default=None, repr=False)
    """Value of the session cookie."""
    token: str | None = field(default=None, repr=False)
    """API token, as ``Bearer`` or as the password of HTTP Basic."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whom the credentials name."""

    principal: Principal
    csrf: str = field(default="", repr=False)
    """What his forms have to send back; empty for a token, which no browser sends by itself."""
    language: Language | None = None
    """What he chose; None for what his browser asks for."""
    cookie: str | None = field(default=None, repr=False)
    """New value of the session cookie when it is time for one."""


class Doorman(Protocol):
    """Knows who is behind credentials. Its methods ask the store, so they run in a thread."""

    def visitor(self, credentials: Credentials, now: datetime) -> Visitor | None:
        """Who it is; None for credentials that open nothing (any more). Raises ``Problem`` where it cannot tell."""
        ...

    def confirm(self, principal: Principal, project_ids: Iterable[int]) -> Principal:
        """
        The same principal with what GitLab says about him and these projects, asked now where it is not fresh.

        Called before a change. Raises ``Problem`` 503 when GitLab does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who came in."""

    principal: Principal
    language: Language
    csrf: str = field(repr=False)
    now: datetime
    """UTC."""
    address: str
    """Where it came from."""
    path: str
    query: QueryParams
    params: Mapping[str, Any]
    """Of the path."""
    form: FormData
    """Empty for GET, and for the API."""
    headers: Headers = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    wants_fragment: bool = False
    """Whether htmx asks for a part of the page."""
    method: str = "GET"
    secure: bool = True
    """Whether the browser came by https, or from the same machine."""
    request: Request | None = field(default=None, repr=False)
    """For ``Frame.stranger_page``; its body has been read."""
    confirm: Callable[[Principal, Iterable[int]], Principal] | None = field(default=None, repr=False)
    """For changes: asks GitLab anew where it has to be. None for reading."""

    def number(self, name: str) -> int:
        """A number in the path. Raises ``Problem`` 404 for anything else."""
        text = str(self.params.get(name, ""))
        if not _NUMBER.fullmatch(text):
            raise Problem(404, N_("there is no such page"), N_("Follow a link from the list."))
        return int(text)

    def require(self, permission: Permission, project_id: int | None = None) -> Principal:
        """
        Make sure that he may do this, to this project or to the instance; in a change GitLab is asked anew if need be.

        Returns the principal as he is now. Raises ``Problem``: 404 for a project that he does not see, 403 for what he
        may not do there, 503 when GitLab has to be asked and does not answer.
        """
        principal = self.principal
        if project_id is not None:
            if not principal.sees_project(project_id):
                raise not_there()
            if self.confirm is not None:
                principal = self.confirm(principal, (project_id,))
            if not principal.sees_project(project_id):
                raise not_there()
        if not principal.may(permission, project_id):
            raise may_not(permission)
        return principal

    def confirmed(self, project_ids: Iterable[int]) -> Principal:
        """The principal as he is now in these projects: for changes to several. Raises ``Problem`` 503."""
        return self.principal if self.confirm is None else self.confirm(self.principal, project_ids)


def not_there() -> Problem:
    """The answer for what there is not, and for what somebody must not know of."""
    return Problem(404, N_("there is no such page"), N_("It may be gone, or it is in a project that you do not see."))


def may_not(permission: Permission) -> Problem:
    """The answer for what somebody may not do."""
    return Problem(
        403,
        sentence(N_("your roles do not include: {permission}"), permission=permission.words),
        N_("An administrator can grant a role that does."),
    )


Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
ErrorPage = Callable[[Visit | None, Problem, Request], Response]


@dataclass(slots=True)
class Entry:
    """Turns handlers into endpoints that let in whom they should."""

    doorman: Doorman
    public_url: str | None = None
    """Where browsers reach us; its origin may send forms besides the host that was asked."""
    language: Language = Language.ENGLISH
    """For browsers that ask for none of ours."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    error_page: ErrorPage | None = None
    """Draws refusals for browsers; without it they are plain."""

    def page(self, handler: Handler, *, permission: Permission | None = Permission.READ) -> Endpoint:
        """
        An endpoint for GET. A stranger is sent to the sign-in page; a token with the right scope works as well, as
        ``Bearer`` or as the password of HTTP Basic.
        """

        async def endpoint(request: Request) -> Response:
            return await self._handled(request, partial(self._page, handler, permission))

        return endpoint

    def action(self, handler: Handler, *, permission: Permission | None, largest_file: int = 0) -> Endpoint:
        """
        An endpoint for a form that changes something: only for a browser that is signed in, from a page of ours, with
        the token that this page gave it. ``largest_file``: bytes of the one file that may come with it; 0 for none.
        """

        async def endpoint(request: Request) -> Response:
            return await self._handled(request, partial(self._action, handler, permission, largest_file))

        return endpoint

    def open(self, handler: Handler, *, writes: bool = False) -> Endpoint:
        """
        An endpoint for strangers too, such as the sign-in page. The principal of a stranger is ``NOBODY``.

        With ``writes`` it is a form whose origin is checked; a stranger has no token yet, so his handler checks one.
        """

        async def endpoint(request: Request) -> Response:
            return await self._handled(request, partial(self._open, handler, writes))

        return endpoint

    # -- the three ways -----------------------------------------------------------------------------------------------

    async def _page(
        self, handler: Handler, permission: Permission | None, request: Request, facts: dict[str, object]
    ) -> Response:
        token = bearer(request) or basic_password(request)
        visitor = await self._visitor(Credentials(None if token else session_cookie(request), token), facts)
        if visitor is None:
            if "authorization" in request.headers:
                raise Problem(401, N_("a valid API token is needed"), headers={"WWW-Authenticate": BASIC})
            return to_sign_in(request)
        return await self._served(handler, permission, request, visitor, facts)

    async def _action(
        self,
        handler: Handler,
        permission: Permission | None,
        largest_file: int,
        request: Request,
        facts: dict[str, object],
    ) -> Response:
        self.check_origin(request)
        # A stranger uploads nothing: he is sent away before his file is read.
        if largest_file and await self._visitor(Credentials(session_cookie(request)), facts) is None:
            return to_sign_in(request)
        form, _ = await _form_of(request, largest_file)
        visitor = await self._visitor(Credentials(session_cookie(request)), facts)
        if visitor is None:
            return to_sign_in(request)
        request.state.chosen = visitor.language
        check_csrf(visitor.csrf, str(form.get(CSRF_FIELD, "")) or request.headers.get(CSRF_HEADER, ""))
        return await self._served(handler, permission, request, visitor, facts, form=form, writes=True)

    async def _open(self, handler: Handler, writes: bool, request: Request, facts: dict[str, object]) -> Response:
        form = FormData()
        if writes:
            self.check_origin(request)
            form, _ = await _form_of(request)
        visitor = await self._visitor(Credentials(session_cookie(request)), facts) or Visitor(NOBODY)
        return await self._served(handler, None, request, visitor, facts, form=form)

    # -- parts --------------------------------------------------------------------------------------------------------

    async def caller(self, request: Request, facts: dict[str, object]) -> Visitor:
        """Who calls the API, by bearer token or session. Raises ``Problem`` 401 for a stranger."""
        token = bearer(request)
        visitor = await self._visitor(Credentials(None if token else session_cookie(request), token), facts)
        if visitor is None:
            raise Problem(
                401,
                N_("a valid API token is needed"),
                N_("Make one on the page /tokens, or with: mergewarden token create"),
                headers={"WWW-Authenticate": BEARER},
            )
        return visitor

    def check_call(self, request: Request, visitor: Visitor) -> None:
        """Raise ``Problem`` 403 for a writing call of a session that another site could have made."""
        if visitor.principal.kind is Kind.SESSION:
            self.check_origin(request)
            check_csrf(visitor.csrf, request.headers.get(CSRF_HEADER, ""))

    async def _visitor(self, credentials: Credentials, facts: dict[str, object]) -> Visitor | None:
        if credentials.session is None and credentials.token is None:
            return None
        found = await anyio.to_thread.run_sync(self.doorman.visitor, credentials, self.clock())
        if found is not None:
            facts["by"] = found.principal.actor
        return found

    async def _served(
        self,
        handler: Handler,
        permission: Permission | None,
        request: Request,
        visitor: Visitor,
        facts: dict[str, object],
        *,
        form: FormData | None = None,
        writes: bool = False,
    ) -> Response:
        visit = self.visit(request, visitor, form or FormData(), writes=writes)
        request.state.visit = visit
        if permission is not None and not visitor.principal.may(permission):
            raise may_not(permission)
        response = await anyio.to_thread.run_sync(handler, visit)
        if visitor.cookie is not None and not _sets_session(response):
            set_session(response, visitor.cookie)
        return response

    def visit(self, request: Request, visitor: Visitor, form: FormData, *, writes: bool) -> Visit:
        """What a handler is told about this request."""
        headers = request.headers
        return Visit(
            principal=visitor.principal,
            language=language_of(request, self.language, visitor.language),
            csrf=visitor.csrf,
            now=self.clock(),
            address=request.client.host[:64] if request.client else "",
            path=request.url.path,
            query=request.query_params,
            params=MappingProxyType(dict(request.path_params)),
            form=form,
            headers=headers,
            cookies=request.cookies,
            wants_fragment=headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true",
            method=request.method,
            secure=self.is_secure(request),
            request=request,
            confirm=self.doorman.confirm if writes else None,
        )

    def is_secure(self, request: Request) -> bool:
        """Whether the browser keeps cookies that need https: it came by https, or from the same machine."""
        if request.url.scheme == "https" or is_loopback(request.url.hostname or ""):
            return True
        return self.public_url is not None and _origin_of(self.public_url) == f"https://{_host(request)}"

    def check_origin(self, request: Request) -> None:
        """
        Raise ``Problem`` 403 for a form that another site sent.

        Browsers say so in ``Sec-Fetch-Site``; older ones in ``Origin`` alone. One that says neither is refused: no
        browser of these years posts a form without either. https://cheatsheetseries.owasp.org/ (CSRF prevention)
        """
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin", "")
        if site == "same-origin" and origin == "null":
            # A page whose referrer policy tells nothing has its origin hidden as well.
            return
        allowed = {f"{scheme}://{_host(request)}" for scheme in ("http", "https")}
        if self.public_url is not None:
            allowed.add(_origin_of(self.public_url))
        if (site is not None and site != "same-origin") or (origin and origin.casefold() not in allowed):
            raise Problem(403, N_("the form came from another site"), N_("Open the page here and send it again."))
        if site is None and not origin:
            raise Problem(403, N_("the browser does not say which page sent the form"), N_("Use a current browser."))

    async def _handled(
        self,
        request: Request,
        way: Callable[[Request, dict[str, object]], Awaitable[Response]],
    ) -> Response:
        """Turns what goes wrong into an answer, and logs one line per request; never its token."""
        facts: dict[str, object] = {}

        async def refused(problem: Problem) -> Response:
            return leave_unread(await self._refusal(request, problem), request.method)

        def tell(level: Callable[..., Any], status: int, seconds: float) -> None:
            level(
                "desk request",
                method=request.method,
                path=without_keys(request.url.path, request.path_params),
                status=status,
                milliseconds=round(seconds * 1000, 1),
                **facts,
            )

        return await answered(lambda: way(request, facts), refused, tell, facts=facts, log=log)

    async def _refusal(self, request: Request, problem: Problem) -> Response:
        if "text/html" not in request.headers.get("accept", "text/html"):
            return answer(problem)
        if self.error_page is None:
            return plain_refusal(problem)
        visit: Visit | None = getattr(request.state, "visit", None)
        try:
            response = await anyio.to_thread.run_sync(self.error_page, visit, problem, request)
        except Exception:
            # What draws the refusal may fail for the same reason as the page.
            log.exception("the error page cannot be drawn")
            return plain_refusal(problem)
        for name, value in problem.headers.items():
            response.headers.setdefault(name, value)
        return response


NOBODY = Principal(Kind.SESSION, "", None, None)
"""A stranger. He sees nothing and may nothing."""


def session_cookie(request: Request) -> str | None:
    """Value of the session cookie; None where there is none that could be one."""
    value = request.cookies.get(SESSION_COOKIE, "")
    return value if 0 < len(value) <= _MAX_COOKIE else None


def set_session(response: Response, value: str) -> None:
    """Give the browser the session; it keeps it until it is closed, and the store ends it."""
    response.set_cookie(SESSION_COOKIE, value, secure=True, httponly=True, samesite="lax", path="/")


def drop_session(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax", path="/")


def _sets_session(response: Response) -> bool:
    mark = f"{SESSION_COOKIE}=".encode()
    return any(name == b"set-cookie" and value.startswith(mark) for name, value in response.raw_headers)


def check_csrf(wanted: str, given: str) -> None:
    """Raise ``Problem`` 403 unless the form has the token that the page was given."""
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass")):
        raise Problem(
            403, N_("the form is not from a page of yours, or too old"), N_("Load the page again and repeat it.")
        )


def to_sign_in(request: Request) -> Response:
    """Send a stranger to the sign-in page, and afterwards back to where he wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in _SAFE_METHODS:
        wanted = "/"
    place = SIGN_IN if wanted == "/" else f"{SIGN_IN}?next={quote(wanted[:2000], safe='')}"
    if request.headers.get("hx-request") == "true":
        # htmx would put the sign-in page into the middle of this one.
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(place, 303)


def local_path(text: str) -> str:
    """The path if it is one of ours, for going on after signing in; ``/`` for anything that leads elsewhere."""
    # A browser takes a backslash for a slash, and drops tabs and line ends within an address.
    plain = text.isascii() and text.isprintable() and "\\" not in text
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path.startswith((SIGN_IN, "//", "/sign-out")):
        return "/"
    return text[:2000]


def language_of(request: Request, default: Language, chosen: Language | None = None) -> Language:
    """What this browser was told to keep, or what its owner chose, or the first of our languages that it asks for."""
    kept = request.cookies.get(LANGUAGE_COOKIE, "")
    for language in Language:
        if kept == language.value:
            return language
    if chosen is not None:
        return chosen
    # Their order is taken for their weight.
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag.startswith("zh"):
            return Language.CHINESE
        if tag.startswith("en"):
            return Language.ENGLISH
    return default


def is_loopback(host: str) -> bool:
    """Whether it names this machine: browsers trust it without https."""
    return host in ("localhost", "127.0.0.1", "::1", "[::1]") or host.endswith(".localhost")


def plain_refusal(problem: Problem) -> Response:
    """A refusal that needs nothing to be drawn."""
    from html import escape

    text = escape(one_line(str(problem)))
    hint = f"<p>{escape(one_line(problem.hint))}</p>" if problem.hint else ""
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{problem.status}</title>'
        f'<h1>{problem.status}</h1><p>{text}</p>{hint}<p><a href="/">Mergewarden</a></p></html>'
    )
    return HTMLResponse(page, problem.status, problem.headers)


def without_keys(path: str, parameters: Mapping[str, object]) -> str:
    """A request's path for the log, cut, and without those of its parameters that let in whoever knows them."""
    for name in _KEYS_IN_PATHS & parameters.keys():
        path = path.replace(str(parameters[name]), "...")
    return path[:300]


def _host(request: Request) -> str:
    return request.headers.get("host", "")[:300].casefold()


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()


async def _body_of(request: Request, most: int = MAX_BODY) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise Problem(413, sentence(N_("the request is larger than {most} bytes"), most=most))
        chunks.append(chunk)
    return b"".join(chunks)


async def _form_of(request: Request, largest_file: int = 0) -> tuple[FormData, bytes]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data", ""):
        raise Problem(415, N_("this takes a form"), N_("Send application/x-www-form-urlencoded."))
    body = await _body_of(request, MAX_BODY + largest_file)
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    copy = Request(request.scope, again)
    try:
        form = await copy.form(max_files=1 if largest_file else 0, max_fields=_MAX_FIELDS)
    except Exception as error:
        raise Problem(400, N_("the form cannot be read"), N_("Load the page again.")) from error
    if len(form.multi_items()) > _MAX_FIELDS:
        raise Problem(400, N_("the form has too many fields"), sentence(N_("There may be {most}."), most=_MAX_FIELDS))
    return form, body
