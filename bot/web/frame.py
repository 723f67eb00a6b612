"""
What all pages of the desk have in common: templates, static files, messages after an act, and refusals as pages.

Templates escape every value and fail on a name that is not there. No page has a script or a style of its own, so that
the policy that comes with it lets nothing run but our own files.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import hmac
import json
import mimetypes
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.domain.roles import Permission
from bot.errors import Sentence, Told, sentence, translated
from bot.reports.documents import scalar_text
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.texts import N_, Language
from bot.web.api.problems import Problem

if TYPE_CHECKING:
    from jinja2 import Environment

    from bot.web.entry import Visit

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""``Content-Security-Policy`` of every page."""
STATIC_PATH = "/static"
THEME_COOKIE = "mw_theme"
LANGUAGE_COOKIE = "mw_language"
FLASH_COOKIE = "mw_flash"
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600
_FLASH_SECONDS = 120
_LONGEST_SAID = 600
"""Characters of a refusal."""
_LONGEST_FLASH = 2_600
"""Bytes; a browser takes cookies of 4 KiB, and this one is written as base64."""
_STATIC_FILES = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_TYPES: Mapping[str, str] = MappingProxyType({".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"})


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation."""

    name: str
    """What a page calls itself in ``section=``; also the name of the icon."""
    label: str
    """English; marked with ``N_``."""
    path: str
    permission: Permission = Permission.READ
    """Who lacks it does not see the entry."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is said once, on the page after an act. Made by us: it travels signed, and a page escapes it."""

    text: str
    """English and a message id, with ``{n}`` for the number."""
    number: int = 0
    kind: str = "done"
    """``done``, ``warned`` or ``refused``."""
    details: tuple[Told, ...] = ()
    """More lines, such as why some were refused."""
    undo: str = ""
    """The batch that can be undone; empty for none."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    body: bytes
    packed: bytes
    media_type: str
    digest: str


class Frame:
    """Makes the desk's pages. One for the process; it holds nothing that changes once the routes are known."""

    def __init__(self, sections: Sequence[Section] = (), *, secret: bytes | None = None) -> None:
        """``secret`` signs messages; without one they end with the process."""
        self._sections = tuple(sections)
        self._secret = secret or secrets.token_bytes(32)
        self._paths: dict[str, str] = {}

    # --- what pages call ----------------------------------------------------------------------------------------------

    def page(
        self,
        visit: Visit,
        template: str,
        context: Any,
        *,
        status: int = 200,
        fragment: str = "",
        section: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """
        A page from a template of ``bot/web/templates``; ``context`` is ``page`` in it.

        ``fragment`` names the block that htmx gets; without one it gets the whole page. ``section`` is the entry of the
        navigation that the page belongs to.
        """
        message = None if visit.wants_fragment else self._message(visit.cookies)
        values = self._values(visit, section, message) | {"page": context}
        made = environment(visit.language).get_template(template)
        if visit.wants_fragment and fragment:
            block = made.blocks[fragment]
            html = "".join(block(made.new_context(values)))
        else:
            html = made.render(values)
        response = self._html(html, status, headers)
        if message is not None:
            response.delete_cookie(FLASH_COOKIE, path="/", secure=visit.secure, httponly=True, samesite="lax")
        return response

    def problem(self, visit: Visit, problem: Problem) -> HTMLResponse:
        """A refusal as a page for somebody who is known."""
        values = self._values(visit, "", None) | {"page": _refusal(problem)}
        html = environment(visit.language).get_template("error.html").render(values)
        return self._html(html, problem.status, problem.headers)

    def error_page(self, visit: Visit | None, problem: Problem, request: Request) -> Response:
        """A refusal as a page, whoever asks: for ``Entry.error_page``."""
        from bot.web.entry import language_of

        if visit is not None and visit.principal.actor:
            return self.problem(visit, problem)
        chosen: Language | None = getattr(request.state, "chosen", None)
        return self.stranger_problem(request, problem, language_of(request, Language.ENGLISH, chosen))

    def stranger_page(
        self,
        request: Request,
        template: str,
        context: Any,
        language: Language,
        *,
        csrf: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page for somebody who is not signed in: no navigation. ``base.html`` gets ``visit`` as None."""
        values = {
            "visit": None,
            "csrf": csrf,
            "url": self.url,
            "sections": (),
            "section": "",
            "message": None,
            "theme": _theme(request.cookies),
            "here": request.url.path,
            "page": context,
        }
        return self._html(environment(language).get_template(template).render(values), status, headers)

    def stranger_problem(self, request: Request, problem: Problem, language: Language) -> HTMLResponse:
        """A refusal as a page for somebody who is not known."""
        return self.stranger_page(
            request, "error.html", _refusal(problem), language, status=problem.status, headers=problem.headers
        )

    def back(self, visit: Visit, path: str, message: Message | None = None) -> Response:
        """
        To another page after an act (303), with something to say there.

        ``path`` is within the desk; anything else leads to the first page.
        """
        response = RedirectResponse(local_path(path), 303)
        if message is not None:
            response.set_cookie(
                FLASH_COOKIE,
                self._sealed(message),
                max_age=_FLASH_SECONDS,
                path="/",
                secure=visit.secure,
                httponly=True,
                samesite="lax",
            )
        return response

    def keep(self, visit: Visit, response: Response, cookie: str, value: str) -> None:
        """Keep a preference of a browser for a year."""
        response.set_cookie(cookie, value, max_age=_YEAR, path="/", secure=visit.secure, httponly=True, samesite="lax")

    def url(self, name: str, **parameters: Any) -> str:
        """
        The address of the route of this name. What its path does not name becomes the query; None and "" are left out.

        Raises ``KeyError`` for a name that there is not.
        """
        left = dict(parameters)
        path = _PARAMETER.sub(
            lambda match: quote(str(left.pop(match[1])), safe="/" if match[2] == "path" else ""), self._paths[name]
        )
        query = [(key, value) for key, value in left.items() if value not in (None, "")]
        return f"{path}?{urlencode(query, doseq=True)}" if query else path

    def know(self, routes: Iterable[Route]) -> None:
        """Learn the routes that ``url`` names and the navigation shows."""
        self._paths |= {route.name: route.path for route in routes if route.name}

    # --- inside -------------------------------------------------------------------------------------------------------

    def _values(self, visit: Visit, section: str, message: Message | None) -> dict[str, Any]:
        known = set(self._paths.values())
        return {
            "visit": visit,
            "csrf": visit.csrf,
            "url": self.url,
            "sections": tuple(s for s in self._sections if s.path in known and visit.principal.may(s.permission)),
            "section": section,
            "message": message,
            "theme": _theme(visit.cookies),
            "here": _here(visit),
        }

    def _html(self, html: str, status: int, headers: Mapping[str, str] | None) -> HTMLResponse:
        return HTMLResponse(
            scalar_text(html),
            status,
            {"Content-Security-Policy": PAGE_POLICY, "Vary": "HX-Request, Cookie", **(headers or {})},
        )

    def _sealed(self, message: Message) -> str:
        details = [_packed(told) for told in message.details[:5]]
        while True:
            whole = [message.text, message.number, message.kind, details, message.undo]
            body = scalar_text(json.dumps(whole, ensure_ascii=False)).encode()
            if len(body) <= _LONGEST_FLASH or not details:
                return f"{base64.urlsafe_b64encode(body).decode()}.{self._signature(body)}"
            details.pop()

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._secret, b"message\0" + body, hashlib.sha256).hexdigest()

    def _message(self, cookies: Mapping[str, str]) -> Message | None:
        text, _, signature = cookies.get(FLASH_COOKIE, "").partition(".")
        try:
            body = base64.b64decode(text, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not text or not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
            return None
        try:
            said, number, kind, details, undo = json.loads(body)
        except ValueError:
            return None
        return Message(said, number, kind, tuple(_unpacked(one) for one in details), undo)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error page shows."""

    status: int
    title: str
    """English; a message id."""
    detail: Told
    hint: Told


_TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: N_("The request could not be understood"),
        401: N_("You have to sign in"),
        403: N_("You may not do this"),
        404: N_("There is nothing here"),
        405: N_("This page cannot be used like this"),
        409: N_("Somebody was faster"),
        413: N_("That is too much at once"),
        422: N_("This cannot be done as it is"),
        429: N_("Too many requests"),
        500: N_("A fault of Mergewarden"),
        503: N_("Something that is needed does not answer"),
    }
)


def _refusal(problem: Problem) -> Refusal:
    title = _TITLES.get(problem.status, HTTPStatus(problem.status).phrase)
    return Refusal(problem.status, title, problem.told, problem.told_hint)


def _packed(told: Told) -> Any:
    """As JSON: a text, or a list of the template and what stands in it."""
    if isinstance(told, Sentence):
        return [
            told.template,
            {name: value if isinstance(value, int) else _packed(value) for name, value in told.values},
        ]
    return one_line(told, 300)


def _unpacked(kept: Any) -> Told:
    """The inverse; what comes in was signed by us."""
    if isinstance(kept, str):
        return kept
    template, values = kept
    return sentence(template, **{name: one if isinstance(one, int) else _unpacked(one) for name, one in values.items()})


def wants_page(request: Request) -> bool:
    """Whether a refusal is for somebody's eyes: a browser asks for HTML, a program does not."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def local_path(path: str) -> str:
    """The path where it is one within the desk, else that of the first page: nobody is sent elsewhere."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if fine and "\\" not in path else "/"


# --- static files -----------------------------------------------------------------------------------------------------


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every file that is sent as it is, by name."""
    found: dict[str, StaticFile] = {}
    for path in sorted(_STATIC_FILES.iterdir()):
        if path.suffix == ".md" or not path.is_file():
            continue
        body = path.read_bytes()
        found[path.name] = StaticFile(
            body=body,
            packed=gzip.compress(body, 9, mtime=0),
            media_type=_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            digest=hashlib.sha256(body).hexdigest()[:16],
        )
    return MappingProxyType(found)


def static_url(name: str) -> str:
    """The address of a static file; it changes with its content. Raises ``KeyError`` where there is no such file."""
    return f"{STATIC_PATH}/{name}?v={static_files()[name].digest}"


async def static_endpoint(request: Request) -> Response:
    """``GET /static/{name}``: kept for ever where the address says which content it is."""
    found = static_files().get(str(request.path_params["name"]))
    if found is None:
        return Response("there is no such file\n", 404, media_type="text/plain")
    same = request.query_params.get("v") == found.digest
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if same else "no-cache",
        "ETag": f'"{found.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = found.packed, "gzip"
    return Response(body, headers=headers, media_type=found.media_type)


# --- templates --------------------------------------------------------------------------------------------------------


@cache
def environment(language: Language) -> Environment:
    """Where the desk's templates come from, in one language; whatever they are given is escaped."""
    # With the first page: a bot that only answers webhooks stays small.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    wording = words_in(language)
    made = Environment(
        loader=PackageLoader("bot.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "_": wording.t.gettext,
        "n_": wording.t.ngettext,
        "words": wording,
        "language": language.value,
        "Permission": Permission,
        "static": static_url,
        "icon": icon,
    }
    made.filters |= {
        "when": _when,
        "day": _day,
        "number": _number,
        "said": partial(_said, wording),
        "line": one_line,
        "percent": _percent,
    }
    # A block that is sent alone has no imports of its template, so the macros are there for all.
    made.globals["ui"] = made.get_template("_macros.html").module
    return made


def _said(wording: Wording, told: Told) -> str:
    """What is said to people, in the reader's language and in one line; also what was put down in English before."""
    return one_line(translated(told, wording.any_said), _LONGEST_SAID)


def _when(at: datetime | None) -> Markup:
    """A moment; a script shows it in the reader's time zone."""
    if at is None:
        return Markup("–")
    utc = at.astimezone(UTC)
    return Markup('<time class="when" datetime="{}">{}</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M UTC")
    )


def _day(at: datetime | None) -> Markup:
    if at is None:
        return Markup("–")
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.date().isoformat())


def _number(value: float) -> str:
    """With a thin space for every thousand: it is read the same in all our languages."""
    return f"{value:,}".replace(",", "\u202f")


def _percent(value: float) -> str:
    shown = value * 100
    return f"{shown:.1f}%" if 0 < shown < 10 else f"{shown:.0f}%"


def icon(name: str) -> Markup:
    """A small drawing of ``_icons.html``, which says nothing by itself; an unknown name draws a dot."""
    known = name if name in _icons() else "none"
    return Markup('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>').format(known)


@cache
def _icons() -> frozenset[str]:
    return frozenset(re.findall(r'<symbol id="i-([a-z_]+)"', (_TEMPLATES / "_icons.html").read_text()))


# --- what a browser sent ----------------------------------------------------------------------------------------------


def _theme(cookies: Mapping[str, str]) -> str:
    theme = cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else "auto"


def _here(visit: Visit) -> str:
    query = str(visit.query)
    return f"{visit.path}?{query}" if query else visit.path
