"""Chats: which addresses are taken, what is never asked for them, and that nobody sees them."""

from __future__ import annotations

import io
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chats import OPTIONS, check_chat, service_of
from bot.domain.maturity.subscription import CHATS, Channel, SubscriptionError, Wanted
from bot.observability.logs import configure_logging
from bot.pipeline.maturity.channels import ChannelError, Chat
from bot.pipeline.maturity.chat_requests import guarded
from bot.pipeline.outgoing import Answer, Sender
from tests.domain.maturity.test_subscription import BOARD
from tests.pipeline.maturity.test_channels import PARCEL

TOKEN = "3ccdd113474722377935511fc85d3dd4"
WRONG = "TIiajkdnlazkcOXrIdevi7FQ-x"
"""A token of Slack with a letter too many."""
ADDRESSES = {
    "dingtalk": f"dingtalk://{TOKEN}",
    "wecombot": f"wecombot://{TOKEN}",
    "feishu": f"feishu://{TOKEN}",
    "lark": f"lark://{TOKEN}",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
    "workflow": "workflow://chat.example.com:443/643e9d3a/3ccdd113",
    "workflows": "workflows://chat.example.com:443/643e9d3a/3ccdd113?ver=2016-06-01",
    "mmost": f"mmost://chat.example.com:8065/{TOKEN}?channel=gate",
    "mmosts": f"mmosts://chat.example.com/{TOKEN}",
    "rocket": f"rocket://{TOKEN}/{TOKEN}{TOKEN}@chat.example.com/#gate",
    "rockets": f"rockets://anna:{TOKEN}@chat.example.com/#gate",
    "discord": f"discord://4174216298/{TOKEN}{TOKEN}",
    "tgram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "gchat": f"gchat://workspace/{TOKEN}/{TOKEN}",
    "wxteams": f"wxteams://{TOKEN}{TOKEN}12345678901234567890",
    "webex": f"webex://{TOKEN}{TOKEN}12345678901234567890",
    "zulip": f"zulip://bot@chat.example.com/{TOKEN}",
    "matrix": f"matrix://{TOKEN}@chat.example.com/!gate:chat.example.com?discovery=no",
    "matrixs": f"matrixs://anna:{TOKEN}@chat.example.com/!gate:chat.example.com",
    "nctalk": f"nctalk://anna:{TOKEN}@chat.example.com/gate",
    "nctalks": f"nctalks://anna:{TOKEN}@chat.example.com/gate",
    "ntfy": "ntfy://chat.example.com/gate",
    "ntfys": f"ntfys://tk_{TOKEN}@chat.example.com/gate?priority=low",
    "gotify": f"gotify://chat.example.com/{TOKEN}",
    "gotifys": f"gotifys://chat.example.com/{TOKEN}",
    "synology": f"synology://chat.example.com/{TOKEN}",
    "synologys": f"synologys://chat.example.com/{TOKEN}",
}
"""One for each chat. Those with a server of their own are at chat.example.com."""


def wanted(target: str) -> Wanted:
    return replace(BOARD, channel=Channel.CHAT, target=target)


def nobody(host: str) -> Sequence[str]:
    raise OSError("no such name")


# --- which addresses are taken ----------------------------------------------------------------------------------------


def test_there_is_an_address_for_every_chat() -> None:
    assert set(ADDRESSES) == CHATS


@pytest.mark.parametrize("scheme", sorted(ADDRESSES))
def test_an_address_of_every_chat_is_taken(scheme: str) -> None:
    check_chat(wanted(ADDRESSES[scheme]), allow_local=False, resolve=nobody)


@pytest.mark.parametrize(
    "target",
    [
        f"slack://T1JJ3T3L2/A1BRTD4JD/{WRONG}",
        f"dingtalk://{WRONG}",
        f"feishu://{WRONG}$",
        f"wecombot://{WRONG}$",
        f"workflows://{WRONG}",
        f"mmost://{WRONG}",
        f"mmost://chat.example.com:port/{WRONG}",
        f"mmost://[{WRONG}",
        f"tgram://{WRONG}",
        f"zulip://{WRONG}@/",
        "discord://",
        "slack://",
    ],
)
def test_an_address_with_a_slip_is_refused_before_it_is_kept_and_nobody_sees_it(target: str) -> None:
    stream = io.StringIO()
    configure_logging("json", "DEBUG", (), stream)
    with pytest.raises(SubscriptionError) as caught:
        check_chat(wanted(target), allow_local=True)
    with pytest.raises(ChannelError) as later:
        Chat(Sender())(target, PARCEL)
    assert WRONG not in f"{caught.value!r} {caught.value.hint} {later.value!r} {later.value.hint}"
    assert "Write it" in caught.value.hint or "appriseit.com" in caught.value.hint
    assert WRONG not in stream.getvalue()
    assert "apprise" not in stream.getvalue()


@pytest.mark.parametrize(
    "option",
    [
        "template=http://169.254.169.254/latest/meta-data/",
        "template=/etc/passwd",
        "TEMPLATE=/etc/passwd",
        "to=x;template=/etc/passwd",
        "%74emplate=/etc/passwd",
        "verify=no",
        "redirect=yes",
        "attach=http://169.254.169.254/",
        "avatar_url=http://example.com/",
        "icon_url=http://example.com/",
        "%2BX-aws-ec2-metadata-token=1",
        "+X-aws-ec2-metadata-token=1",
        ":name=value",
        "-name=value",
        "cto=999999",
        "rto=999999",
        "retry=9",
        "wait=999999",
        "port=22",
        "store=yes",
        "no-such-thing=1",
        TOKEN,
    ],
)
@pytest.mark.parametrize("scheme", ["slack", "workflows", "mmost", "ntfys", "matrixs", "tgram", "synology"])
def test_an_option_that_is_not_on_the_list_is_refused(scheme: str, option: str) -> None:
    target = ADDRESSES[scheme].partition("?")[0] + "?" + option
    with pytest.raises(SubscriptionError, match="option") as caught:
        check_chat(wanted(target), allow_local=True)
    assert TOKEN not in str(caught.value) + caught.value.hint
    with pytest.raises(ChannelError, match="option"):
        Chat(Sender(allow_local=True))(target, PARCEL)


def test_no_option_that_opens_or_loads_something_is_on_the_list() -> None:
    assert not OPTIONS & {"template", "attach", "avatar", "avatar_url", "icon_url", "file_url", "footer_logo", "url"}
    assert not OPTIONS & {"verify", "redirect", "cto", "rto", "retry", "wait", "store", "port", "actions", "click"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "169.254.169.254", "100.100.100.200", "0.0.0.0", "localhost", "2130706433"],
)
@pytest.mark.parametrize("scheme", ["mmost", "ntfy", "gotifys", "synology"])
def test_an_address_that_leads_to_this_host_or_to_metadata_is_refused_before_it_is_kept(scheme: str, host: str) -> None:
    target = wanted(ADDRESSES[scheme].replace("chat.example.com", host))
    with pytest.raises(SubscriptionError, match="leads to this host"):
        check_chat(target, allow_local=False)
    check_chat(target, allow_local=True)


@pytest.mark.parametrize("scheme", [word for word, text in ADDRESSES.items() if "chat.example.com" in text])
def test_a_name_is_looked_up_and_refused_where_one_of_its_addresses_is(scheme: str) -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ("10.0.0.7", "169.254.169.254")

    with pytest.raises(SubscriptionError, match="leads to this host"):
        check_chat(wanted(ADDRESSES[scheme]), allow_local=False, resolve=resolve)
    assert asked == ["chat.example.com"]
    check_chat(wanted(ADDRESSES[scheme]), allow_local=False, resolve=lambda _: ("10.0.0.7", "192.168.1.1"))


@pytest.mark.parametrize("target", [f"ntfy://{TOKEN}", f"matrix://{TOKEN}{TOKEN}", ADDRESSES["slack"]])
def test_a_token_is_never_looked_up_as_a_name(target: str) -> None:
    check_chat(wanted(target), allow_local=False, resolve=lambda host: pytest.fail(host))


@given(st.sampled_from(sorted(CHATS)), st.text(max_size=60), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_rubbish_is_an_address_or_a_subscription_error(scheme: str, rest: str, more: str) -> None:
    target = f"{scheme}://{rest}?{more}"
    for words in (target, f"{ADDRESSES[scheme]}{rest}"):
        said = ""
        try:
            check_chat(wanted(words), allow_local=False, resolve=nobody)
        except SubscriptionError as error:
            said = str(error) + error.hint
        assert len(rest) < 12 or rest not in said


# --- what is asked ----------------------------------------------------------------------------------------------------


@dataclass
class ChatServer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    drip: float = 0.0
    """Seconds before each byte of the answer's body."""
    asked: list[str] = field(default_factory=list)
    got: list[Any] = field(default_factory=list)
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def target(self) -> str:
        return f"mmost://127.0.0.1:{self.port}/{TOKEN}"


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    made = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            if self.headers["content-type"] == "application/json":
                made.got.append(json.loads(body))
            self.send_response(200 if self.path.startswith("/inside") else made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if made.drip:
                for byte in made.body:
                    time.sleep(made.drip)
                    self.wfile.write(bytes([byte]))
            else:
                self.wfile.write(made.body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port, made.server = server.server_address[1], server
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


INSIDE = Chat(Sender(allow_local=True))
"""Sends to this host too."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for chat.example.com that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("chat.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls") / "chat.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return place


def test_a_certificate_is_checked_for_the_name_with_the_setting_s_authority(authority: Path, chat: ChatServer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    assert chat.server is not None
    chat.server.socket = context.wrap_socket(chat.server.socket, server_side=True)

    def send(host: str, **settings: Any) -> None:
        sender = Sender(allow_local=True, resolve=lambda name, port: ("127.0.0.1",), **settings)
        Chat(sender)(f"mmosts://{host}:{chat.port}/{TOKEN}", PARCEL)

    with pytest.raises(ChannelError, match="CERTIFICATE_VERIFY_FAILED"):
        send("chat.example.com")
    with pytest.raises(ChannelError, match="CERTIFICATE_VERIFY_FAILED"):
        send("other.example.com", ca_file=authority)
    assert chat.asked == []
    send("chat.example.com", ca_file=authority)
    assert chat.asked == [f"POST /hooks/{TOKEN}"]


def test_a_chat_gets_the_short_words(chat: ChatServer) -> None:
    assert INSIDE(chat.target, PARCEL) == ""
    (got,) = chat.got
    assert "Score 61" in got["text"]
    assert PARCEL.message.subject in got["text"]


@pytest.mark.parametrize("scheme", ["mmost", "ntfy", "gotify", "nctalk", "synology", "rocket"])
def test_what_is_on_this_host_is_asked_with_the_setting_alone(chat: ChatServer, scheme: str) -> None:
    target = ADDRESSES[scheme].replace("chat.example.com:8065", "chat.example.com")
    target = target.replace("chat.example.com", f"127.0.0.1:{chat.port}")
    with pytest.raises(ChannelError, match="leads to this host") as caught:
        Chat(Sender())(target, PARCEL)
    assert TOKEN not in str(caught.value)
    assert chat.asked == []
    chat.body = b'{"success": true}'
    assert INSIDE(target, PARCEL) == ""
    assert len(chat.asked) == 1


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(chat: ChatServer) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    sender = Sender(allow_local=True, resolve=lambda host, port: next(answers))
    assert Chat(sender)(chat.target.replace("127.0.0.1", "chat.example.com"), PARCEL) == ""
    assert len(chat.asked) == 1, "a name is resolved once for a connection"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(chat: ChatServer, status: int) -> None:
    chat.status, chat.headers = status, {"Location": f"http://127.0.0.1:{chat.port}/inside"}
    with pytest.raises(ChannelError, match=f"it answered {status}"):
        INSIDE(chat.target, PARCEL)
    assert chat.asked == [f"POST /hooks/{TOKEN}"]


class Pointing(Sender):
    """A server that says that the real one is elsewhere, as Matrix has it (https://spec.matrix.org, well-known URI)."""

    def ask(self, method: str, url: str, *said: Any, **more: Any) -> Answer:
        """See ``Sender``."""
        if "/.well-known/" in url:
            return Answer(200, {}, b'{"m.homeserver": {"base_url": "https://metadata.example.com"}}')
        return super().ask(method, url, *said, **more)


def test_what_a_server_says_about_where_it_is_leads_nowhere_else() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ("169.254.169.254",)

    with pytest.raises(ChannelError, match="leads to this host"):
        Chat(Pointing(resolve=resolve))(ADDRESSES["matrixs"], PARCEL)
    assert set(asked) == {"metadata.example.com"}


class Homeserver(Sender):
    """As much of Matrix as a message needs."""

    def ask(self, method: str, url: str, *said: Any, **more: Any) -> Answer:
        """See ``Sender``."""
        path = urlsplit(url).path.rpartition("/")[2]
        ASKED.append(path)
        told = {"access_token": TOKEN, "home_server": "h", "user_id": "@anna:h", "room_id": "!gate:h"}
        return Answer(200, {}, json.dumps(told).encode())


ASKED: list[str] = []


def test_who_signed_in_for_a_message_signs_out_after_it() -> None:
    ASKED.clear()
    assert Chat(Homeserver())(ADDRESSES["matrixs"] + "?discovery=no&e2ee=no", PARCEL) == ""
    assert ASKED[0] == "login"
    assert ASKED[-1] == "logout"


def test_a_chat_that_takes_nothing_is_an_error_without_its_token(chat: ChatServer) -> None:
    chat.status = 500
    with pytest.raises(ChannelError, match="did not take it: it answered 500") as caught:
        INSIDE(chat.target, PARCEL)
    assert TOKEN not in str(caught.value)


def test_a_chat_that_is_not_there_is_an_error_without_its_token() -> None:
    sender = Sender(allow_local=True, resolve=lambda host, port: ("127.0.0.1",))
    with pytest.raises(ChannelError, match="cannot be reached") as caught:
        Chat(sender)(f"mmost://chat.example.com:1/{TOKEN}", PARCEL)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("scheme", ["matrix", "discord", "mmost"])
def test_who_is_told_to_wait_does_not(chat: ChatServer, scheme: str) -> None:
    chat.status = 429
    chat.headers = {"Retry-After": "86400", "X-RateLimit-Reset": "99999999999", "X-RateLimit-Remaining": "0"}
    chat.body = b'{"retry_after_ms": 86400000}'
    target = f"matrix://{TOKEN}@127.0.0.1:{chat.port}/!gate:chat.example.com?discovery=no&e2ee=no"
    begun = time.monotonic()
    with pytest.raises(ChannelError, match="429"):
        INSIDE(target if scheme == "matrix" else chat.target, PARCEL)
    assert time.monotonic() - begun < 10


def test_an_answer_without_end_is_cut_and_a_slow_one_is_not_waited_for(chat: ChatServer) -> None:
    chat.body = b"x" * 20_000_000
    begun = time.monotonic()
    assert INSIDE(chat.target, PARCEL) == ""
    assert time.monotonic() - begun < 5
    chat.body, chat.drip = b"x" * 100, 0.1
    service = service_of(chat.target)
    begun = time.monotonic()
    with guarded(service, Sender(allow_local=True), seconds=0.5) as asked:
        assert not service.notify("words")
    assert time.monotonic() - begun < 4
    assert asked.problem


@pytest.mark.parametrize("scheme", sorted(ADDRESSES))
def test_every_chat_asks_through_the_guard_and_nothing_beside_it(scheme: str) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ("169.254.169.254",)

    with pytest.raises(ChannelError, match="leads to this host") as caught:
        Chat(Sender(resolve=resolve))(ADDRESSES[scheme], PARCEL)
    assert asked
    assert TOKEN not in str(caught.value)
    own = "chat.example.com" in ADDRESSES[scheme]
    assert (set(asked) == {"chat.example.com"}) == own


def test_outside_of_a_message_a_chat_can_ask_nobody(chat: ChatServer) -> None:
    service = service_of(chat.target)
    with guarded(service, Sender(allow_local=True)):
        assert service.notify("words")
    assert not service.notify("words")
    assert len(chat.asked) == 1


def test_others_ask_as_before(chat: ChatServer) -> None:
    INSIDE(chat.target, PARCEL)
    assert requests.get(f"http://127.0.0.1:{chat.port}/x", timeout=5).status_code == 200


@pytest.mark.parametrize("target", ["json://127.0.0.1/x", "syslog://", "https://discord.com/api/webhooks/1/x", "", "x"])
def test_what_is_no_chat_is_not_sent_to(target: str) -> None:
    with pytest.raises(ChannelError):
        INSIDE(target, PARCEL)
    assert urlsplit(target).scheme not in CHATS
