"""Cookies in Django, FastAPI, Starlette and aiohttp, and the settings that govern them."""

import functools
import secrets

from aiohttp import web
from aiohttp_session import setup as setup_session
from aiohttp_session.cookie_storage import EncryptedCookieStorage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from fastapi import APIRouter, FastAPI, Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

router = APIRouter()


def flags(strict):
    return {"secure": strict, "httponly": strict, "samesite": "lax"}


class Signin(View):
    plain = False

    # case: vulnerable
    def post(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse({"ok": True})
        response.set_cookie("auth", secrets.token_urlsafe(), max_age=3600)
        return response

    # case: safe (all three flags)
    def put(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse({"ok": True})
        response.set_cookie("auth", secrets.token_urlsafe(), max_age=3600, secure=True, httponly=True, samesite="Lax")
        return response

    # case: vulnerable (signed, but still to be read and to be sent in the clear)
    def patch(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse({"ok": True})
        response.set_signed_cookie("auth_user", str(request.user.pk), salt="auth", httponly=False)
        return response

    # case: safe (signed and guarded)
    def delete(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse({"ok": True})
        response.set_signed_cookie("auth_user", "", salt="auth", secure=True, httponly=True, samesite="Strict")
        return response

    # case: vulnerable (the flag is an attribute of the class)
    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response.set_cookie("session_key", secrets.token_urlsafe(), secure=self.plain, httponly=True, samesite="Lax")
        return response


# case: vulnerable (settings of Django)
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_HTTPONLY = True

# case: safe (settings of Django)
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = True


# case: vulnerable
@router.post("/login")
async def login(response: Response):
    response.set_cookie(key="access_token", value=secrets.token_urlsafe(), httponly=True)
    return {}


# case: safe (all three flags)
@router.post("/login/panel")
async def login_panel(response: Response):
    response.set_cookie(
        key="access_token", value=secrets.token_urlsafe(), httponly=True, secure=True, samesite="strict", path="/"
    )
    return {}


# case: vulnerable (the flags come from a helper with a constant)
@router.post("/refresh")
async def refresh_mirror(response: Response):
    response.set_cookie("refresh_token", secrets.token_urlsafe(), **{"secure": False, "httponly": False})
    return {}


# case: safe (the helper's flags are all on)
@router.post("/refresh/atlas")
async def refresh_atlas(response: Response):
    response.set_cookie("refresh_token", secrets.token_urlsafe(), **flags(True))
    return {}


# case: safe (a partial application that has the flags)
set_for_site = functools.partial(Response.set_cookie, secure=True, httponly=True, samesite="lax")


@router.post("/gate")
async def gate(response: Response):
    set_for_site(response, "gate_token", secrets.token_urlsafe())
    return {}


# case: vulnerable (sessions in a cookie that may travel over plain HTTP)
site = FastAPI()
site.add_middleware(SessionMiddleware, secret_key=secrets.token_hex(32), https_only=False)


# case: safe (over HTTPS only)
inner = Starlette(
    middleware=[Middleware(SessionMiddleware, secret_key=secrets.token_hex(32), https_only=True, same_site="strict")]
)


# case: vulnerable
async def enter(request: web.Request) -> web.Response:
    response = web.json_response({})
    response.set_cookie("login", secrets.token_urlsafe(), secure=False, httponly=True)
    return response


# case: safe (the dead branch would leave the flag out)
async def enter_mirror(request: web.Request) -> web.Response:
    response = web.json_response({})
    guard = True if 5 > 2 else False
    response.set_cookie("login", secrets.token_urlsafe(), secure=guard, httponly=True, samesite="Lax")
    return response


# case: safe (an encrypted session with the flags)
def with_session(app: web.Application, key: bytes) -> None:
    setup_session(app, EncryptedCookieStorage(key, secure=True, httponly=True, samesite="Lax"))


# case: safe (removed, not set)
async def leave(request: web.Request) -> web.Response:
    response = web.json_response({})
    response.del_cookie("login", path="/")
    return response
