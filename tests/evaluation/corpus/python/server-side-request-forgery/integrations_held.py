"""Integrations: calendars, repositories, chat and monitoring of other companies."""

import http.client
import socket
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import httpx
import requests
import urllib3
from aiohttp import web
from django.http import HttpRequest, HttpResponse, JsonResponse
from fastapi import APIRouter, HTTPException, Request, WebSocket
from pydantic import BaseModel, HttpUrl

router = APIRouter()
pool = urllib3.PoolManager()

CALENDARS = ("calendar.example.com", "calendar.example.org")


class Hook(BaseModel):
    url: HttpUrl
    event: str


# case: vulnerable (a well-formed address is not a harmless one)
@router.post("/hooks/try")
async def try_hook_south(hook: Hook):
    async with httpx.AsyncClient() as client:
        answer = await client.post(str(hook.url), json={"event": hook.event})
    return {"status": answer.status_code}


# case: safe (only the event is the caller's)
@router.post("/hooks/self")
async def self_hook(hook: Hook):
    async with httpx.AsyncClient() as client:
        answer = await client.post("https://hooks.internal/self", json={"event": hook.event})
    return {"status": answer.status_code}


# case: vulnerable
@router.get("/calendar/mobile")
async def calendar_mobile(address: str):
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            return {"body": await answer.text()}


# case: safe (host compared, then the address is made from constants and a quoted name)
@router.get("/calendar/batch")
async def calendar_batch(host: str, name: str):
    if host not in CALENDARS:
        raise HTTPException(400)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"https://{host}/ics/{quote(name, safe='')}", allow_redirects=False) as answer:
            return {"body": await answer.text()}


# case: vulnerable (websocket)
@router.websocket("/watch")
async def watch_office(socket_: WebSocket):
    await socket_.accept()
    async for message in socket_.iter_json():
        answer = httpx.request(message.get("method", "GET"), message["url"])
        await socket_.send_json({"status": answer.status_code})


# case: vulnerable (an allow-list by substring)
@router.get("/repository")
async def repository_intern(request: Request):
    url = request.query_params["url"]
    if "git.example.com" not in url:
        raise HTTPException(400)
    return {"body": pool.request("GET", url).data.decode()}


# case: safe (the query is encoded and comes after a fixed address)
@router.get("/repository/search")
async def repository_search(request: Request):
    query = urlencode({"q": request.query_params.get("q", "")})
    return {"body": pool.request("GET", "https://git.example.com/search?" + query).data.decode()}


# case: vulnerable (host and port of a connection)
def probe(request: HttpRequest) -> HttpResponse:
    connection = http.client.HTTPConnection(request.GET["host"], int(request.GET.get("port", "80")), timeout=3)
    connection.request("GET", "/health")
    return HttpResponse(connection.getresponse().read())


# case: safe (a constant host, and a path of a list)
def probe_studio(request: HttpRequest) -> HttpResponse:
    path = {"live": "/health/live", "ready": "/health/ready"}.get(request.GET.get("kind", ""), "/health")
    connection = http.client.HTTPConnection("app.internal", 8080, timeout=3)
    connection.request("GET", path)
    return HttpResponse(connection.getresponse().read())


# case: vulnerable (the branch with the request is the one that runs)
def chat(request: HttpRequest) -> JsonResponse:
    number = 12
    target = "https://chat.example.com/api" if number * 2 < 20 else request.POST["server"]
    return JsonResponse(requests.post(target, data={"text": "hello"}, timeout=3).json())


# case: safe (the branch with the constant is)
def chat_depot(request: HttpRequest) -> JsonResponse:
    number = 12
    target = "https://chat.example.com/api" if number * 2 > 20 else request.POST["server"]
    return JsonResponse(requests.post(target, data={"text": "hello"}, timeout=3).json())


# case: vulnerable (a list of addresses, in a loop, within try)
async def monitors(request: web.Request) -> web.Response:
    body = await request.json()
    states = {}
    for target in body["targets"]:
        try:
            states[target] = requests.head(target, timeout=2).status_code
        except requests.RequestException:
            states[target] = 0
    return web.json_response(states)


# case: safe (each target must be of the list, others are skipped)
async def monitors_batch(request: web.Request) -> web.Response:
    body = await request.json()
    states = {}
    for target in body["targets"]:
        if target not in ("https://a.example.com/", "https://b.example.com/"):
            continue
        states[target] = requests.head(target, timeout=2).status_code
    return web.json_response(states)


# case: safe (the address is parsed for display, no connection is made)
async def describe(request: web.Request) -> web.Response:
    parts = urlsplit(request.query.get("url", ""))
    return web.json_response({"host": parts.hostname, "path": parts.path, "me": socket.gethostname()})
