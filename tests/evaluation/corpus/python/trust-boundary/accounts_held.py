"""Sessions in Django, Starlette, FastAPI and aiohttp."""

from accounts.models import Membership, Project
from aiohttp import web
from aiohttp_session import get_session
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views import View
from fastapi import APIRouter, Cookie, Form, HTTPException, Request
from starlette.responses import JSONResponse

router = APIRouter()
CURRENCIES = frozenset({"EUR", "USD", "CNY"})


# case: vulnerable
def choose_project(request: HttpRequest) -> HttpResponse:
    request.session["project"] = request.POST["project"]
    return HttpResponse(status=204)


# case: safe (the project must be one of the user's)
def choose_own_project(request: HttpRequest) -> HttpResponse:
    project = Project.objects.filter(members=request.user, pk=request.POST["project"]).first()
    if project is None:
        return HttpResponseForbidden()
    request.session["project"] = project.pk
    return HttpResponse(status=204)


# case: vulnerable (the check only writes a note)
def choose_any_project(request: HttpRequest) -> HttpResponse:
    number = request.POST["project"]
    if not Membership.objects.filter(user=request.user, project=number).exists():
        request.session["note"] = "not a member"
    request.session["project"] = number
    return HttpResponse(status=204)


# case: safe (a check that returns)
def currency(request: HttpRequest) -> HttpResponse:
    code = request.GET.get("currency", "")
    if code not in CURRENCIES:
        return HttpResponseBadRequest()
    request.session["currency"] = code
    return HttpResponse(status=204)


class Preferences(View):
    # case: vulnerable (each pair of the form)
    def post(self, request: HttpRequest) -> HttpResponse:
        for key, value in request.POST.items():
            request.session[key] = value
        return HttpResponse(status=204)

    # case: safe (of each pair it is only counted)
    def get(self, request: HttpRequest) -> HttpResponse:
        count = 0
        for _ in request.GET.items():
            count += 1
        request.session["preferences_seen"] = count
        return HttpResponse(status=204)

    # case: vulnerable (through a method that passes it on)
    def put(self, request: HttpRequest) -> HttpResponse:
        request.session["organisation"] = self._header(request)
        return HttpResponse(status=204)

    def _header(self, request: HttpRequest) -> str:
        return request.META.get("HTTP_X_ORGANISATION", "").strip()

    # case: safe (through a method that does not)
    def patch(self, request: HttpRequest) -> HttpResponse:
        request.session["organisation"] = self._standard(request)
        return HttpResponse(status=204)

    def _standard(self, request: HttpRequest) -> str:
        asked = [request.META.get("HTTP_X_ORGANISATION", ""), "public"]
        return asked[1]


# case: safe (Django signs in whom it authenticated)
def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["name"], password=request.POST["password"])
    if user is None:
        return HttpResponseForbidden()
    login(request, user)
    request.session["level"] = "member"
    return HttpResponse(status=204)


# case: vulnerable (a cookie becomes a trusted value)
@router.post("/restore")
async def restore_office(request: Request, user_id: str = Cookie()):
    request.session["user_id"] = user_id
    return {}


# case: safe (whether there is a cookie)
@router.post("/restore/north")
async def restore_north(request: Request, user_id: str = Cookie(default="")):
    request.session["returning"] = user_id != ""
    return {}


# case: vulnerable
@router.post("/price/north")
async def price_north(request: Request, amount: str = Form()):
    request.session.setdefault("agreed_price", amount)
    return {}


# case: safe (the price list has the price, and an unknown article is refused)
@router.post("/price/partner")
async def price_partner(request: Request, article: str = Form()):
    prices = {"basic": 10, "full": 25}
    if article not in prices:
        raise HTTPException(404)
    request.session["agreed_price"] = prices[article]
    return {}


# case: vulnerable (Starlette; the last of several values)
async def plan(request: Request) -> JSONResponse:
    values = request.query_params.getlist("plan")
    request.session["plan"] = values[-1]
    return JSONResponse({})


# case: safe (Starlette; the list's own value is what remains)
async def plan_atlas(request: Request) -> JSONResponse:
    values = request.query_params.getlist("plan")
    values = ["free"]
    request.session["plan"] = values[-1]
    return JSONResponse({})


# case: vulnerable
async def impersonate(request: web.Request) -> web.Response:
    session = await get_session(request)
    session["acting_as"] = request.match_info["user"]
    return web.Response(status=204)


# case: safe (a match with constants only)
async def view(request: web.Request) -> web.Response:
    session = await get_session(request)
    match request.query.get("view"):
        case "list":
            session["view"] = "list"
        case _:
            session["view"] = "grid"
    return web.Response(status=204)
