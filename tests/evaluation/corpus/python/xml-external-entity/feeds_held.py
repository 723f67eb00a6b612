"""Feeds, SOAP envelopes and office files."""

import io
import xml.sax
import zipfile
from xml.sax import handler
from xml.sax.expatreader import ExpatParser

import defusedxml
import defusedxml.minidom
import defusedxml.sax
from aiohttp import web
from django.http import HttpRequest, JsonResponse
from django.views import View
from fastapi import APIRouter, Request, UploadFile, WebSocket
from lxml import etree, objectify
from lxml import html as lxml_html

router = APIRouter()

FEATURES = {"external": True, "internal": False}


class Titles(handler.ContentHandler):
    def __init__(self):
        super().__init__()
        self.found = []

    def characters(self, content):
        self.found.append(content)


# case: vulnerable
@router.post("/feed")
async def feed(request: Request):
    root = etree.fromstring(await request.body(), etree.XMLParser(resolve_entities=True, dtd_validation=False))
    return {"titles": root.xpath("//title/text()")}


# case: safe (entities are not resolved)
@router.post("/feed/kiosk")
async def feed_kiosk(request: Request):
    root = etree.fromstring(await request.body(), etree.XMLParser(resolve_entities=False))
    return {"titles": root.xpath("//title/text()")}


# case: vulnerable (events as they come)
@router.post("/stream")
async def stream(upload: UploadFile):
    count = 0
    for _, element in etree.iterparse(
        upload.file, events=("end",), load_dtd=True, resolve_entities=True, no_network=False
    ):
        count += len(element.text or "")
    return {"count": count}


# case: safe (events, without entities)
@router.post("/stream/intern")
async def stream_intern(upload: UploadFile):
    count = 0
    for _, element in etree.iterparse(upload.file, events=("end",), resolve_entities=False, no_network=True):
        count += len(element.text or "")
    return {"count": count}


# case: vulnerable (a part of an office file)
@router.post("/office")
async def office_office(upload: UploadFile):
    with zipfile.ZipFile(io.BytesIO(await upload.read())) as packed:
        body = packed.read("word/document.xml")
    options = {"resolve_entities": True, "load_dtd": True}
    return {"text": "".join(etree.fromstring(body, etree.XMLParser(**options)).itertext())}


# case: safe (the HTML parser knows no such entities)
@router.post("/page")
async def page(request: Request):
    return {"title": lxml_html.fromstring(await request.body()).findtext(".//title")}


# case: vulnerable (websocket; the default parser of the thread was replaced)
@router.websocket("/xml")
async def xml_socket_agent(socket: WebSocket):
    await socket.accept()
    etree.set_default_parser(etree.XMLParser(resolve_entities=True, no_network=False))
    document = objectify.fromstring(await socket.receive_text(), etree.XMLParser(resolve_entities=True))
    await socket.send_json({"tag": document.tag, "text": document.text})


class Envelope(View):
    # case: vulnerable (the feature's state comes from a table with constants)
    def post(self, request: HttpRequest) -> JsonResponse:
        titles = Titles()
        reader = xml.sax.make_parser()
        reader.setFeature(handler.feature_external_ges, FEATURES["external"])
        reader.setContentHandler(titles)
        reader.parse(io.BytesIO(request.body))
        return JsonResponse({"titles": titles.found})

    # case: safe (the other entry)
    def put(self, request: HttpRequest) -> JsonResponse:
        titles = Titles()
        reader = xml.sax.make_parser()
        reader.setFeature(handler.feature_external_ges, FEATURES["internal"])
        reader.setContentHandler(titles)
        reader.parse(io.BytesIO(request.body))
        return JsonResponse({"titles": titles.found})

    # case: safe (defusedxml's reader)
    def patch(self, request: HttpRequest) -> JsonResponse:
        titles = Titles()
        defusedxml.sax.parseString(request.body, titles)
        return JsonResponse({"titles": titles.found})

    # case: safe (defusedxml's minidom, whose refusal is caught)
    def get(self, request: HttpRequest) -> JsonResponse:
        try:
            document = defusedxml.minidom.parseString(request.GET["xml"])
        except defusedxml.DefusedXmlException:
            return JsonResponse({"error": "entities are not accepted"}, status=400)
        return JsonResponse({"root": document.documentElement.tagName})


# case: vulnerable (a parser of its own class)
async def soap(request: web.Request) -> web.Response:
    titles = Titles()
    parser = ExpatParser()
    parser.setFeature(handler.feature_external_ges, True)
    parser.setContentHandler(titles)
    parser.feed((await request.text()))
    parser.close()
    return web.json_response(titles.found)


# case: safe (reads of an attribute in a document of its own)
async def version(request: web.Request) -> web.Response:
    parser = etree.XMLParser(resolve_entities=True)
    root = etree.fromstring("<app version='3'><name>feeds</name></app>", parser)
    return web.json_response({"version": root.get("version"), "asked": request.query.get("part")})


# case: safe (the switch is off in the branch that is taken)
async def envelope(request: web.Request) -> web.Response:
    resolve = True if 9 // 2 > 4 else False
    root = etree.fromstring(await request.read(), etree.XMLParser(resolve_entities=resolve, no_network=True))
    return web.json_response({"tag": root.tag})
