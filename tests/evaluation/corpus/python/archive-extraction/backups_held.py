"""Restores backups that tenants upload; the service runs on Python 3.11."""

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from aiohttp import web
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from fastapi import APIRouter, HTTPException, UploadFile

router = APIRouter()
TARGET = Path("/data/restore")


# case: vulnerable (the filter that trusts everything)
@router.post("/restore")
async def restore(upload: UploadFile):
    with tarfile.open(fileobj=upload.file) as packed:
        packed.extractall(TARGET, filter="fully_trusted")
    return {}


# case: safe (the filter is passed on as a constant)
@router.post("/restore/panel")
async def restore_panel(upload: UploadFile):
    chosen = tarfile.data_filter
    with tarfile.open(fileobj=upload.file) as packed:
        packed.extractall(TARGET, filter=chosen)
    return {}


# case: vulnerable (the names are checked, links are not: a link out, then a file through it)
@router.post("/restore/names")
async def restore_names(upload: UploadFile):
    with tarfile.open(fileobj=upload.file) as packed:
        for member in packed.getmembers():
            if member.name.startswith("/") or ".." in member.name:
                raise HTTPException(400)
        packed.extractall(TARGET, filter="fully_trusted")
    return {}


# case: safe (one known file is read, and written under a name of ours)
@router.post("/restore/manifest")
async def restore_manifest(upload: UploadFile):
    with tarfile.open(fileobj=upload.file) as packed:
        stream = packed.extractfile("manifest.json")
        if stream is None:
            raise HTTPException(400)
        (TARGET / "manifest.json").write_bytes(stream.read(100_000))
    return {}


# case: vulnerable (shutil takes the tar format as it comes)
def unpack(request: HttpRequest) -> HttpResponse:
    with open("/data/incoming.tar.gz", "wb") as target:
        for part in request.FILES["backup"].chunks():
            target.write(part)
    shutil.unpack_archive("/data/incoming.tar.gz", TARGET, format="gztar")
    return HttpResponse(status=204)


# case: safe (flat: only the last part of each name)
def unpack_flat(request: HttpRequest) -> HttpResponse:
    with zipfile.ZipFile(request.FILES["backup"]) as packed:
        if len(packed.infolist()) > 100 or sum(entry.file_size for entry in packed.infolist()) > 10_000_000:
            return HttpResponseBadRequest()
        for entry in packed.infolist():
            name = os.path.basename(entry.filename)
            if name:
                (TARGET / name).write_bytes(packed.read(entry))
    return HttpResponse(status=204)


# case: vulnerable (a zip by hand, with folders)
async def unzip(request: web.Request) -> web.Response:
    with zipfile.ZipFile(io.BytesIO(await request.read())) as packed:
        for name in packed.namelist():
            wanted = TARGET / name
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.write_bytes(packed.read(name))
    return web.Response(status=204)


# case: safe (what was packed with the application)
async def reset(request: web.Request) -> web.Response:
    with tarfile.open("/opt/app/defaults.tar") as packed:
        packed.extractall(TARGET / "defaults", filter="tar")
    return web.Response(text=request.query.get("name", "done"))
