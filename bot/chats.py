"""
Addresses of chats, as apprise has them (https://appriseit.com/): read, and looked at before they are kept.

Such an address is a password: no message of this module repeats it, or a part of it. Apprise itself tells its log what
it does not like of an address, so its logger is silent in this process (``bot.observability.logs``).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from bot.domain.maturity.subscription import CHATS, Channel, SubscriptionError, Wanted, check
from bot.domain.outgoing import refused_address
from bot.errors import sentence
from bot.texts import N_

if TYPE_CHECKING:
    from apprise import NotifyBase

OPTIONS: Final = frozenset(
    {
        # Who gets it, and with which key.
        *("to", "channel", "channels", "team", "botname", "topic", "thread", "workspace", "id", "route", "routeid"),
        *("token", "secret", "key", "sig", "webhook", "auth"),
        # What the service is, and how it wants the message.
        *("mode", "ver", "version", "api-version", "pa", "powerautomate", "url_prefix", "discovery", "e2ee", "hsreq"),
        *("format", "overflow", "image", "msgtype", "priority", "silent", "preview", "wrap"),
    }
)
"""
Options (after the question mark) that an address may have, in small letters. Not among them are those that open files
or other addresses (``template``, ``attach``), take the certificate's check or the end of waiting away (``verify``,
``cto``, ``rto``, ``retry``), follow redirects, set headers (``+name``), or let readers load something from elsewhere
(``avatar_url``, ``icon_url``).
"""
_HOSTED_BY_OTHERS: Final = frozenset({"cloud", "t2bot"})
"""Modes of ntfy and Matrix in which what stands in the host's place is a topic or token."""

Resolve = Callable[[str], Sequence[str]]
"""Host to IP addresses. Raises ``OSError`` or ``UnicodeError``."""


def service_of(address: str) -> NotifyBase:
    """
    What sends to this address: it follows no redirect, keeps nothing in files, and waits for nobody on its own.

    Asks nobody. Raises ``SubscriptionError`` for what is no address, or has options that are not in ``OPTIONS``.
    """
    # Hundred services take a while to import: only who has to do with a chat waits for them.
    import apprise
    from apprise import plugins

    # As apprise reads it, and not as somebody else would: what it finds is what counts.
    read: Callable[[str], dict[str, Any] | None] = plugins.url_to_dict
    try:
        parts = read(address) or {}
    except Exception:  # its plugins read what people wrote; what they stumble over is no address
        parts = {}
    if parts.get("schema") not in CHATS:
        raise _no_address()
    options = {str(name).casefold() for kind in ("qsd", "qsd+", "qsd-", "qsd:") for name in parts.get(kind) or {}}
    if not options <= OPTIONS:
        raise SubscriptionError(
            N_("the address of the chat has an option that is not taken"),
            sentence(N_("After the question mark there may be: {names}."), names=", ".join(sorted(OPTIONS))),
        )
    asset = apprise.AppriseAsset(
        secure_logging=True,
        plugin_paths=[],
        async_mode=False,
        http_redirects=False,
        # Our own bounds hold (``bot.pipeline.maturity.chat_requests``): nothing is left to a thread.
        service_timeout=0,
        storage_mode="memory",
        allow_templates=False,
    )
    try:
        service = apprise.Apprise.instantiate(parts, asset=asset, suppress_exceptions=True)
    except Exception:  # see above
        service = None
    if service is None:
        raise _no_address()
    return service


def check_chat(wanted: Wanted, *, allow_local: bool, resolve: Resolve = lambda host: _resolved(host)) -> None:
    """
    Look at the address of a subscription by chat before it is kept; what goes another way is fine.

    A name that leads to what may not be sent to is refused here, so that somebody learns of it; what holds is that
    it is looked at again whenever something is sent. A name that nobody knows now may be known then. ``allow_local``
    is the setting ``outgoing_allow_local``. Raises ``SubscriptionError``.
    """
    if wanted.channel is not Channel.CHAT:
        return
    host = _host(service_of(check(wanted).target))
    if allow_local or not host:
        return
    try:
        found = resolve(host)
    except (OSError, UnicodeError):
        return
    if any(refused_address(address) for address in found):
        raise SubscriptionError(
            N_("the address of the chat leads to this host, a link-local address or a metadata service"),
            N_("Take the chat server's own address, or set outgoing_allow_local."),
        )


def _host(service: NotifyBase) -> str:
    """The host that the address names; empty where the service has one host for all."""
    if "organization" in service.template_tokens:
        return f"{getattr(service, 'organization', '')}.{getattr(service, 'hostname', '')}"
    if "host" not in service.template_tokens or str(getattr(service, "mode", "")) in _HOSTED_BY_OTHERS:
        return ""
    return str(service.host or "").strip("[]")


def _resolved(host: str) -> Sequence[str]:
    return tuple(str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))


def _no_address() -> SubscriptionError:
    return SubscriptionError(
        N_("this chat does not take such an address"),
        N_("A part of it is missing, or has a letter too few or too many: compare it with https://appriseit.com/."),
    )
