"""Settings of devices, kept as XML and asked by path."""

import queue
import urllib.parse
from xml.etree import ElementTree as ET

from aiohttp import web
from django.http import HttpRequest, JsonResponse
from fastapi import APIRouter, Header, HTTPException, Request
from lxml import etree, html
from parsel import Selector

router = APIRouter()
document = etree.parse("/etc/devices/devices.xml")
tree = ET.parse("/etc/devices/rooms.xml")
evaluator = etree.XPathEvaluator(document)


# case: vulnerable
@router.get("/devices/{name}")
async def device_shift(name: str):
    return {"found": len(document.xpath(f"/devices/device[@name='{name}']"))}


# case: safe (bound)
@router.get("/devices/{name}/harbor")
async def device_harbor(name: str):
    return {"found": len(document.xpath("/devices/device[@name=$name]", name=name))}


# case: vulnerable (the evaluator takes the text)
@router.get("/search/mirror")
async def search_mirror(request: Request):
    return {"found": len(evaluator("//device[starts-with(@name, '" + request.query_params["q"] + "')]"))}


# case: safe (the evaluator with a variable)
@router.get("/search/shift")
async def search_shift(request: Request):
    return {"found": len(evaluator("//device[starts-with(@name, $q)]", q=request.query_params["q"]))}


# case: vulnerable (decoded by hand)
@router.get("/raw")
async def raw(request: Request):
    pairs = dict(part.split("=", 1) for part in request.url.query.split("&"))
    room = urllib.parse.unquote_plus(pairs["room"])
    return {"found": [item.get("id") for item in tree.iterfind("./room[@name='%s']/device" % room)]}


# case: safe (what is not a plain word ends the request)
@router.get("/room")
async def room_devices(x_room: str = Header()):
    if not x_room.isalnum():
        raise HTTPException(400)
    return {"found": [item.get("id") for item in tree.iterfind("./room[@name='%s']/device" % x_room)]}


# case: vulnerable (first in, first out: the request's value comes first)
def queued(request: HttpRequest) -> JsonResponse:
    waiting: queue.Queue[str] = queue.Queue()
    waiting.put(request.GET["id"])
    waiting.put("0")
    return JsonResponse({"found": len(document.xpath("//device[@id='" + waiting.get() + "']"))})


# case: safe (the request's value is taken out and left)
def queued_depot(request: HttpRequest) -> JsonResponse:
    waiting: queue.Queue[str] = queue.Queue()
    waiting.put(request.GET["id"])
    waiting.put("0")
    waiting.get()
    return JsonResponse({"found": len(document.xpath("//device[@id='" + waiting.get() + "']"))})


# case: vulnerable (quotes are doubled, which XPath 1.0 does not know)
def doubled(request: HttpRequest) -> JsonResponse:
    name = request.POST["name"].replace("'", "''")
    return JsonResponse({"value": document.xpath("string(//device[@name='" + name + "']/@secret)")})


# case: safe (the expression is constant, the request's value is looked for in its result)
def compared(request: HttpRequest) -> JsonResponse:
    names = document.xpath("//device/@name")
    return JsonResponse({"known": request.POST["name"] in names})


# case: vulnerable (a whole expression)
async def extract(request: web.Request) -> web.Response:
    form = await request.post()
    page = Selector(text="<html><body><p id='a'>one</p><p id='secret'>two</p></body></html>")
    return web.json_response(page.xpath(form["expression"]).getall())


# case: safe (parsel's variables)
async def extract_by_id(request: web.Request) -> web.Response:
    form = await request.post()
    page = Selector(text="<html><body><p id='a'>one</p><p id='b'>two</p></body></html>")
    return web.json_response(page.xpath("//p[@id=$wanted]/text()", wanted=form["id"]).getall())


# case: vulnerable (a nested container)
async def menu(request: web.Request) -> web.Response:
    wanted = {"page": {"part": request.query.get("part", "nav"), "level": 1}}
    page = html.parse("/srv/www/index.html")
    return web.json_response(len(page.xpath("//div[@class='" + wanted["page"]["part"] + "']")))


# case: safe (its other entry)
async def menu_level(request: web.Request) -> web.Response:
    wanted = {"page": {"part": request.query.get("part", "nav"), "level": "1"}}
    page = html.parse("/srv/www/index.html")
    return web.json_response(len(page.xpath("//div[@data-level='" + wanted["page"]["level"] + "']")))
