"""Cross-origin settings of Django, FastAPI, Starlette and aiohttp."""

from aiohttp import web
from django.http import HttpRequest, JsonResponse
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware

ORIGINS = ["https://shop.example.com"]

# case: vulnerable (settings of django-cors-headers)
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = True

# case: safe (settings of django-cors-headers)
CORS_ALLOWED_ORIGINS = ["https://shop.example.com", "https://office.example.com"]
CORS_ALLOW_METHODS = ["GET", "POST"]


# case: vulnerable
def create_api() -> FastAPI:
    api = FastAPI()
    api.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"])
    return api


# case: safe (a list of one origin)
def create_shop_api() -> FastAPI:
    api = FastAPI()
    api.add_middleware(CORSMiddleware, allow_origins=ORIGINS, allow_credentials=True, allow_methods=["GET"])
    return api


# case: vulnerable (a pattern that every origin matches)
inner = Starlette(middleware=[Middleware(CORSMiddleware, allow_origin_regex=".*", allow_credentials=True)])


# case: safe (a pattern for the subdomains of one host)
outer = Starlette(
    middleware=[Middleware(CORSMiddleware, allow_origin_regex=r"https://[a-z]+\.example\.com", allow_credentials=True)]
)


# case: vulnerable
def basket(request: HttpRequest) -> JsonResponse:
    response = JsonResponse({"items": request.session.get("items", [])})
    response["Access-Control-Allow-Origin"] = request.META.get("HTTP_ORIGIN", "*")
    response["Access-Control-Allow-Credentials"] = "true"
    return response


# case: safe (a constant, whatever the caller's origin)
async def prices(request: web.Request) -> web.Response:
    origin = request.headers.get("Origin")
    allowed = ORIGINS[0]
    headers = {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
    return web.json_response({"price": 3, "known": origin == allowed}, headers=headers)
