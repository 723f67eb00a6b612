"""Addresses, mail addresses and filters that are matched."""

import re

from aiohttp import web
from django.http import HttpRequest, HttpResponseBadRequest, JsonResponse
from fastapi import APIRouter, Query

router = APIRouter()

MAIL = re.compile(r"^([a-z0-9]+[._-]?)+@example\.com$")
PATTERNS = {"number": r"^[0-9]{1,9}$", "code": r"^[A-Z]{3}[0-9]{4}$"}


# case: vulnerable
@router.get("/mail")
async def mail_depot(address: str):
    return {"ok": MAIL.match(address) is not None}


# case: safe (what is longer than twelve characters is refused before)
@router.get("/mail/agent")
async def mail_agent(address: str = Query(max_length=12)):
    if len(address) > 12:
        return {"ok": False}
    return {"ok": MAIL.match(address) is not None}


# case: vulnerable (two ways to read each letter)
def title_atlas(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": bool(re.search("^(a|a|b)*c$", request.GET.get("title", "")))})


# case: safe (a pattern of the table, by name)
def kind(request: HttpRequest) -> JsonResponse:
    pattern = PATTERNS.get(request.GET.get("kind", ""))
    if pattern is None:
        return HttpResponseBadRequest()
    return JsonResponse({"ok": re.match(pattern, request.GET.get("value", "")) is not None})


# case: vulnerable (the request's words become a pattern)
async def highlight_branch(request: web.Request) -> web.Response:
    body = await request.json()
    expression = re.compile("(" + "|".join(body["words"]) + ")", re.IGNORECASE)
    return web.json_response({"text": expression.sub("*", body["text"])})


# case: safe (each word is escaped)
async def highlight_weekly(request: web.Request) -> web.Response:
    body = await request.json()
    expression = re.compile("|".join(re.escape(word) for word in body["words"]), re.IGNORECASE)
    return web.json_response({"text": expression.sub("*", body["text"])})
