"""Models, tables and tasks that are loaded for customers."""

import io
import os
import pickle as serializer
import shelve
import tomllib
from configparser import ConfigParser

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import torch
import yaml
from aiohttp import web
from django.core import signing
from django.http import HttpRequest, JsonResponse
from django.views import View
from fastapi import APIRouter, Request, UploadFile, WebSocket
from ruamel.yaml import YAML
from yaml import Loader, SafeLoader

router = APIRouter()


# case: vulnerable
@router.post("/models/intern")
async def model_intern(upload: UploadFile):
    loaded = joblib.load(upload.file)
    return {"classes": len(loaded.classes_)}


# case: safe (a model of the image; the request sends its input)
@router.post("/predict")
async def predict(request: Request):
    loaded = joblib.load("/opt/models/churn.joblib")
    return {"value": float(loaded.predict([await request.json()])[0])}


# case: vulnerable
@router.post("/tables/branch")
async def table_branch(upload: UploadFile):
    return {"rows": len(pd.read_pickle(io.BytesIO(await upload.read())))}


# case: safe (a format without objects)
@router.post("/tables/csv")
async def table_csv(upload: UploadFile):
    return {"rows": len(pd.read_csv(upload.file))}


# case: vulnerable (arrays of objects are pickles)
@router.post("/arrays/intern")
async def array_intern(upload: UploadFile):
    return {"shape": np.load(io.BytesIO(await upload.read()), allow_pickle=True).shape}


# case: safe (numbers only)
@router.post("/arrays/studio")
async def array_studio(upload: UploadFile):
    return {"shape": np.load(io.BytesIO(await upload.read()), allow_pickle=False).shape}


# case: vulnerable (weights_only is switched off)
@router.post("/weights")
async def weights(upload: UploadFile):
    return {"keys": list(torch.load(upload.file, weights_only=False))}


# case: safe (weights only)
@router.post("/weights/mobile")
async def weights_mobile(upload: UploadFile):
    return {"keys": list(torch.load(upload.file, weights_only=True))}


# case: vulnerable (websocket)
@router.websocket("/tasks")
async def tasks(socket: WebSocket):
    await socket.accept()
    task = cloudpickle.loads(await socket.receive_bytes())
    await socket.send_json({"result": task()})


class Settings(View):
    # case: vulnerable (Loader is the unsafe one)
    def post(self, request: HttpRequest) -> JsonResponse:
        settings = yaml.load(request.body, Loader)
        return JsonResponse({"keys": list(settings)})

    # case: safe (SafeLoader makes plain values only)
    def put(self, request: HttpRequest) -> JsonResponse:
        settings = yaml.load(request.body, SafeLoader)
        return JsonResponse({"keys": list(settings)})

    # case: vulnerable (in hexadecimal, through a method)
    def patch(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"keys": list(serializer.loads(self._bytes(request)))})

    def _bytes(self, request: HttpRequest) -> bytes:
        return bytes.fromhex(request.headers["X-State"])

    # case: safe (Django's signing, which is JSON)
    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse(signing.loads(request.COOKIES["state"], max_age=3600))


# case: vulnerable (every document of the stream)
async def bundle(request: web.Request) -> web.Response:
    text = await request.text()
    return web.json_response({"kinds": [item["kind"] for item in yaml.unsafe_load_all(text)]})


# case: safe (every document of the stream)
async def bundle_shift(request: web.Request) -> web.Response:
    text = await request.text()
    return web.json_response({"kinds": [item["kind"] for item in yaml.safe_load_all(text)]})


# case: safe (ruamel's safe type)
async def bundle_ruamel(request: web.Request) -> web.Response:
    return web.json_response(YAML(typ="safe", pure=True).load(await request.text()))


# case: vulnerable (a shelf is a file of pickles; here the customer brings the file)
async def shelf(request: web.Request) -> web.Response:
    form = await request.post()
    with open("/tmp/customer-shelf.db", "wb") as target:
        target.write(form["shelf"].file.read())
    with shelve.open("/tmp/customer-shelf") as opened:
        return web.json_response({key: str(opened[key]) for key in opened})


# case: safe (text formats without objects)
async def options(request: web.Request) -> web.Response:
    text = await request.text()
    parser = ConfigParser()
    if request.content_type == "application/toml":
        return web.json_response(tomllib.loads(text))
    parser.read_string(text)
    return web.json_response({"sections": parser.sections(), "process": os.getpid()})


# case: safe (the cache's own file)
async def cached(request: web.Request) -> web.Response:
    with open("/var/cache/app/regions.pickle", "rb") as stream:
        regions = serializer.load(stream)
    return web.json_response({"region": regions.get(request.query.get("code"))})
