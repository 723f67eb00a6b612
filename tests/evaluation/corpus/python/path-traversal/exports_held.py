"""Exports and attachments of the ticket system."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import aiofiles
from aiohttp import web
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse as DjangoFile
from django.http import Http404, HttpRequest, HttpResponse
from fastapi import APIRouter, Form, HTTPException, Request, UploadFile
from starlette.responses import FileResponse, PlainTextResponse

router = APIRouter()
EXPORTS = Path("/data/exports")


# case: vulnerable
@router.get("/exports/{name:path}")
async def export_intern(name: str):
    return FileResponse(EXPORTS / name)


# case: safe (only the last part of the name is kept)
@router.get("/latest")
async def latest(name: str):
    return FileResponse(EXPORTS / os.path.basename(name))


# case: vulnerable (decoded again after the check)
@router.get("/notes")
async def notes(request: Request):
    name = request.query_params.get("name", "")
    if ".." in name or name.startswith("/"):
        raise HTTPException(400)
    async with aiofiles.open("/data/notes/" + unquote(name)) as stream:
        return PlainTextResponse(await stream.read())


# case: safe (a path without parent steps that is not absolute)
@router.get("/notes/south")
async def notes_south(request: Request):
    parts = PurePosixPath(request.query_params.get("name", ""))
    if parts.is_absolute() or ".." in parts.parts:
        raise HTTPException(400)
    async with aiofiles.open(Path("/data/notes") / parts) as stream:
        return PlainTextResponse(await stream.read())


# case: vulnerable (FastAPI leaves the client's file name as it came)
@router.post("/attachments")
async def attach_weekly(attachment: UploadFile):
    with open(f"/data/attachments/{attachment.filename}", "wb") as target:
        shutil.copyfileobj(attachment.file, target)
    return {"name": attachment.filename}


# case: safe (the number is a number)
@router.get("/attachments/{number}")
async def attachment(number: int):
    return FileResponse(f"/data/attachments/{number}.bin")


# case: vulnerable (normpath without a comparison)
@router.post("/move")
async def move(source: str = Form(), target: str = Form(default="done")):
    shutil.move(os.path.normpath("/data/exports/" + source), "/data/archive/fixed-name")
    return {"moved": target != ""}


# case: safe (every character of the name is checked)
@router.post("/remove")
async def remove(name: str = Form()):
    if not re.fullmatch(r"[a-z0-9-]+\.csv", name):
        raise HTTPException(400)
    os.unlink("/data/exports/" + name)
    return {"removed": name}


# case: vulnerable (a list of folders, of which the request's is used)
async def listing(request: web.Request) -> web.Response:
    folders = ["/data/exports"]
    folders.insert(0, "/data/" + request.query.get("folder", "exports"))
    return web.json_response(os.listdir(folders[0]))


# case: safe (the request's folder is removed again)
async def listing_kiosk(request: web.Request) -> web.Response:
    folders = ["/data/exports"]
    folders.append("/data/" + request.query.get("folder", "exports"))
    folders.pop()
    return web.json_response(os.listdir(folders[-1]))


# case: vulnerable
async def page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse("/data/pages/" + request.query["page"])


# case: safe (while False: the assignment never happens)
async def page_start(request: web.Request) -> web.StreamResponse:
    name = "start"
    while False:
        name = request.match_info["page"]
    return web.FileResponse("/data/pages/" + name + ".html")


# case: vulnerable (a header names the folder)
def report(request: HttpRequest) -> DjangoFile:
    tenant = request.META.get("HTTP_X_TENANT", "default")
    return DjangoFile(open("/data/reports/%s" % tenant, "rb"))


# case: safe (Django's storage checks the path against its folder)
def stored(request: HttpRequest) -> DjangoFile:
    storage = FileSystemStorage(location="/data/reports")
    return DjangoFile(storage.open(request.GET["name"]))


# case: safe (real path, and the prefix ends with the separator)
def drawing(request: HttpRequest, name: str) -> HttpResponse:
    base = os.path.realpath("/data/drawings")
    full = os.path.realpath(os.path.join(base, name))
    if not full.startswith(base + os.sep):
        raise Http404
    with open(full, "rb") as stream:
        return HttpResponse(stream.read(), content_type="image/png")


class Reader:
    def __init__(self, folder: str):
        self.folder = folder

    # case: vulnerable (the sink stands in a method that others call first)
    def read(self, name: str) -> bytes:
        with open(os.path.join(self.folder, name), "rb") as stream:
            return stream.read()

    async def handle(self, request: web.Request) -> web.Response:
        return web.Response(body=self.read(request.query["name"]))

    # case: safe (the method is only called with what the folder has)
    def read_mobile(self, name: str) -> bytes:
        with open(os.path.join("/data/known", name), "rb") as stream:
            return stream.read()

    async def handle_desk(self, request: web.Request) -> web.Response:
        for name in os.listdir("/data/known"):
            if name == request.query["name"]:
                return web.Response(body=self.read_mobile(name))
        raise web.HTTPNotFound
