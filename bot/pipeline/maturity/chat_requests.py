"""
How a message gets to a chat: through the sender of outgoing webhooks, which refuses addresses and never is redirected.

The services of apprise call ``requests.post`` and its sisters by name, each on its own; there is no place to hand them
a session. So that name means something else in their modules: an object that asks only while a message is sent, and
only where that message's ``Sender`` lets it. What apprise would do beyond that, it cannot: there is no proxy, no file
with passwords, no certificate that is not checked, no answer without end.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from bot.pipeline.outgoing import SECONDS, Sender, SendError

if TYPE_CHECKING:
    from apprise import NotifyBase

WHOLE_SECONDS: Final = 60.0
"""For a message with all that its service asks for it."""
MOST_READ: Final = 256 * 1024
"""Bytes of one answer."""
_MADE_OF: Final = ("params", "data", "json", "headers", "auth", "files")
"""What of a call makes the request. All else, as ``verify`` and ``allow_redirects``, is not the caller's to say."""


class Asked:
    """The requests of one message."""

    def __init__(self, sender: Sender, seconds: float) -> None:
        self._sender, self._ends = sender, time.monotonic() + seconds
        self.problem = ""
        """Why the last one was not taken, in one line, without address or password; empty where it was."""

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """The answer. Raises ``requests.ConnectionError`` where there is none, or it asks to wait."""
        left = self._ends - time.monotonic()
        try:
            if left <= 0:
                raise SendError("it did not answer in time")
            answer = self._sender.ask(
                request.method or "POST",
                request.url or "",
                {name: _text(value) for name, value in request.headers.items()},
                _bytes(request.body),
                seconds=min(left, 2 * SECONDS),
                most=MOST_READ,
            )
            if answer.status == requests.codes.too_many_requests:
                # Services wait then as long as the answer says, be it a year. We come again ourselves.
                raise SendError("it answered 429")
        except SendError as error:
            self.problem = str(error)
            raise requests.ConnectionError(self.problem) from None
        self.problem = "" if answer.status < 300 else f"it answered {answer.status}"
        made = requests.Response()
        made.status_code, made.url, made.request = answer.status, request.url or "", request
        made.headers = CaseInsensitiveDict(answer.headers)
        made.encoding = get_encoding_from_headers(made.headers)
        made.raw = io.BytesIO(answer.body)
        return made


_ASKED: ContextVar[Asked | None] = ContextVar("the message to a chat that is being sent", default=None)


class _Requests:
    """As much of the module ``requests`` as the services of chats use. What they do not use now is not there."""

    codes = requests.codes
    RequestException = requests.RequestException
    TooManyRedirects = requests.TooManyRedirects

    @staticmethod
    def request(method: str, url: str, **said: Any) -> requests.Response:
        """As ``requests.request``, guarded."""
        asked = _ASKED.get()
        if asked is None:
            raise requests.ConnectionError("no message is being sent")
        wanted = {name: said[name] for name in _MADE_OF if name in said}
        return asked.send(requests.Request(method, url, **wanted).prepare())

    def get(self, url: str, **said: Any) -> requests.Response:
        """As ``requests.get``, guarded."""
        return self.request("GET", url, **said)

    def post(self, url: str, data: Any = None, **said: Any) -> requests.Response:
        """As ``requests.post``, guarded."""
        return self.request("POST", url, data=data, **said)

    def put(self, url: str, data: Any = None, **said: Any) -> requests.Response:
        """As ``requests.put``, guarded."""
        return self.request("PUT", url, data=data, **said)


_REQUESTS = _Requests()


@contextmanager
def guarded(service: NotifyBase, sender: Sender, *, seconds: float = WHOLE_SECONDS) -> Iterator[Asked]:
    """
    Let this service ask, through this sender, for as long as the block lasts; before and after, it can ask nobody.

    Raises ``SendError`` for one that would not ask by ``requests``, as a new release of apprise may have.
    """
    modules = {kind.__module__: vars(sys.modules[kind.__module__]) for kind in type(service).__mro__}
    asking = [names for names in modules.values() if names.get("requests") in (requests, _REQUESTS)]
    if not asking:
        raise SendError("this chat does not let itself be guarded")
    for names in asking:
        names["requests"] = _REQUESTS
    # Some say goodbye when they are forgotten: that has to be able to happen within the block.
    del service
    asked = Asked(sender, seconds)
    before = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(before)


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if not isinstance(body, bytes):
        raise SendError("what is to be sent is no request")
    return body


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
