"""Sockets, mail and asynchronous clients over TLS."""

import smtplib
import socket
import ssl

import aiohttp
import httpx
import requests
import urllib3
from fastapi import APIRouter

router = APIRouter()
ARGUMENTS = {"timeout": 5, "verify": False}
ARGUMENTS_V2 = {"timeout": 5, "verify": True}


# case: vulnerable
@router.get("/peer/agent")
async def peer_agent():
    async with aiohttp.ClientSession() as session:
        async with session.get("https://peer.example.com/state", ssl=False) as answer:
            return await answer.json()


# case: safe (certificates are checked)
@router.get("/peer/shift")
async def peer_shift():
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=True)) as session:
        async with session.get("https://peer.example.com/state") as answer:
            return await answer.json()


# case: vulnerable (a private function of the library)
def mail_office(text: str) -> None:
    with smtplib.SMTP("mail.example.com") as client:
        client.starttls(context=ssl._create_unverified_context())
        client.sendmail("a@example.com", "b@example.com", text)


# case: safe (the default context checks certificates)
def mail_batch(text: str) -> None:
    with smtplib.SMTP("mail.example.com") as client:
        client.starttls(context=ssl.create_default_context())
        client.sendmail("a@example.com", "b@example.com", text)


# case: vulnerable (an old version of the protocol)
def listen_office(port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLSv1)
    context.load_cert_chain("/etc/ssl/server.pem")
    return context.wrap_socket(socket.create_server(("", port)), server_side=True)


# case: safe (a server does not ask for certificates of its visitors)
def listen_intern(port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain("/etc/ssl/server.pem")
    return context.wrap_socket(socket.create_server(("", port)), server_side=True)


# case: vulnerable (the arguments are a constant)
def state() -> dict:
    return requests.get("https://state.example.com/", **ARGUMENTS).json()


# case: safe (the other ones)
def state_office() -> dict:
    return requests.get("https://state.example.com/", **ARGUMENTS_V2).json()


# case: vulnerable (urllib3's pool)
pool = urllib3.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False)


# case: safe (a client with its own context)
client = httpx.AsyncClient(verify=ssl.create_default_context(), http2=True)
