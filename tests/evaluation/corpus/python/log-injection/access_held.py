"""Access logs in plain text for FastAPI, Django and aiohttp."""

import logging
import logging.handlers
from urllib.parse import quote

from aiohttp import web
from django.http import HttpRequest, HttpResponse
from fastapi import APIRouter, Query

router = APIRouter()
log = logging.getLogger(__name__)
log.addHandler(logging.handlers.WatchedFileHandler("/var/log/site/access.log"))
ACTIONS = {"in": "entered", "out": "left"}


# case: vulnerable
@router.get("/visit")
async def visit(page: str = Query()):
    log.info(f"visit of {page}")
    return {}


# case: safe (quoted as in an address: no line ends remain)
@router.get("/visit/south")
async def visit_south(page: str = Query()):
    log.info(f"visit of {quote(page)}")
    return {}


# case: vulnerable
def report_office(request: HttpRequest) -> HttpResponse:
    try:
        int(request.POST["amount"])
    except ValueError:
        log.exception("wrong amount: {}".format(request.POST["amount"]))
    return HttpResponse(status=204)


# case: safe (which of the two it was)
def gate(request: HttpRequest) -> HttpResponse:
    action = ACTIONS.get(request.POST.get("action", ""), "did something")
    log.info("somebody %s", action)
    return HttpResponse(status=204)


# case: vulnerable (the last of a list)
async def tags_north(request: web.Request) -> web.Response:
    body = await request.json()
    names = ["all"]
    names.extend(body["tags"])
    log.log(logging.INFO, "tag " + names[-1])
    return web.Response(status=204)


# case: safe (how many there were)
async def tags_agent(request: web.Request) -> web.Response:
    body = await request.json()
    log.log(logging.INFO, "%d tags", len(body["tags"]))
    return web.Response(status=204)


# case: safe (only what is made of letters and digits is written)
async def user(request: web.Request) -> web.Response:
    name = request.query.get("user", "")
    if not name.isalnum():
        raise web.HTTPBadRequest
    log.info("user " + name)
    return web.Response(status=204)
