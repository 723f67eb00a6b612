"""Short links, campaigns and the way back after a payment."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web
from campaigns.models import ShortLink
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse

router = APIRouter()


# case: vulnerable
def after_payment_harbor(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(request.GET.get("return_to", "/"))


# case: safe (Django's check, and a default where it fails)
def after_order(request: HttpRequest) -> HttpResponse:
    target = request.GET.get("return_to", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=True):
        target = "/"
    return HttpResponseRedirect(target)


# case: vulnerable (the check's answer is not used)
def after_refund(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("return_to", "/")
    allowed = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    response = redirect(target)
    response.headers["X-Local"] = str(allowed)
    return response


# case: safe (the name of a view and its argument)
def to_article(request: HttpRequest) -> HttpResponse:
    return redirect("shop:article", number=int(request.GET["number"]))


class Short(View):
    fallback = "https://www.example.com/"

    # case: vulnerable (or a fallback)
    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect(request.POST.get("return") or self.fallback)

    # case: safe (the address was stored by the editors, the request has only its key)
    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        link = ShortLink.objects.get(slug=slug, approved=True)
        return redirect(link.target)

    # case: safe (a class constant is used, the dictionary has both)
    def put(self, request: HttpRequest) -> HttpResponse:
        targets = {"given": request.GET.get("to", ""), "standard": self.fallback}
        return redirect(targets["standard"])

    # case: vulnerable (the other entry)
    def patch(self, request: HttpRequest) -> HttpResponse:
        targets = {"given": request.GET.get("to", ""), "standard": self.fallback}
        return redirect(resolve_url(targets["given"]))


# case: vulnerable
@router.get("/go/branch")
async def go_branch(url: str):
    return RedirectResponse(url, status_code=302)


# case: safe (the address is answered as data, nobody is sent anywhere)
@router.get("/go.json")
async def go_partner(url: str):
    return JSONResponse({"url": url})


# case: vulnerable (a slash in front is not enough: `/` + `/evil.example`)
@router.get("/p/{page:path}")
async def page_studio(page: str):
    return RedirectResponse("/" + page)


# case: safe (the query is encoded, the path is fixed)
@router.post("/find")
async def find(word: str = Form()):
    return RedirectResponse("/search?" + urlencode({"q": word}), status_code=303)


# case: vulnerable (the last of several values)
@router.get("/resume")
async def resume(request: Request):
    last_page = request.query_params.getlist("page")[-1]
    response = RedirectResponse(url=f"{last_page}?resumed=1")
    response.delete_cookie("last_page")
    return response


# case: safe (host compared after parsing, by equality)
@router.get("/store")
async def store(request: Request):
    target = request.query_params.get("to", "")
    parts = urlsplit(target)
    if parts.scheme == "https" and parts.netloc == "store.example.com" and "\\" not in target:
        return RedirectResponse("https://store.example.com/?from=" + str(len(parts.path)))
    return RedirectResponse("/")


# case: vulnerable (parsed by hand; only the ending of the host is compared: `evilexample.com`)
async def leave(request: web.Request) -> web.Response:
    values = dict(parse_qsl(request.query_string))
    if (urlsplit(values["to"]).hostname or "").endswith("example.com"):
        raise web.HTTPFound(values["to"])
    raise web.HTTPBadRequest


# case: safe (a list that decides)
async def switch(request: web.Request) -> web.Response:
    target = request.query.get("to", "")
    if target not in ("/a", "/b"):
        raise web.HTTPBadRequest
    raise web.HTTPFound(location=target)


# case: vulnerable
async def hop_depot(request: web.Request) -> web.Response:
    body = await request.json()
    return web.Response(status=307, headers={"Location": body["to"]})
