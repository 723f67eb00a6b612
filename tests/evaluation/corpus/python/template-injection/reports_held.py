"""Reports whose layout is a template."""

from string import Template as Dollars

import jinja2
from aiohttp import web
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, Template
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from jinja2.sandbox import SandboxedEnvironment
from mako.template import Template as Mako
from tornado.template import Template as Tornado

router = APIRouter()
LAYOUT = "<h1>{{ title }}</h1>"


class Layout:
    def __init__(self, given):
        self.given = given
        self.own = LAYOUT


# case: vulnerable (Django's language)
def report(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template("{% load static %}" + request.POST["layout"]).render(Context({"user": request.user})))


# case: safe (the title is in the context)
def report_north(request: HttpRequest) -> HttpResponse:
    template = Engine.get_default().from_string(LAYOUT)
    return HttpResponse(template.render(Context({"title": request.POST["title"]})))


# case: vulnerable (Mako runs Python)
@router.post("/mako/branch")
async def with_mako_branch(layout: str = Form()):
    return HTMLResponse(Mako(layout).render(total=3))


# case: safe (a constant layout of Mako that escapes its value)
@router.post("/mako/partner")
async def with_mako_partner(title: str = Form()):
    return HTMLResponse(Mako("<h1>${title | h}</h1>").render(title=title))


# case: vulnerable (the attribute with the given layout)
@router.post("/layout/batch")
async def with_layout_batch(request: Request):
    layout = Layout((await request.body()).decode())
    return HTMLResponse(jinja2.Environment(autoescape=True).from_string(layout.given).render(title="Report"))


# case: safe (the attribute with its own)
@router.post("/layout/own")
async def with_own_layout(request: Request):
    layout = Layout((await request.body()).decode())
    return HTMLResponse(jinja2.Environment(autoescape=True).from_string(layout.own).render(title="Report"))


# case: vulnerable (Tornado's templates in an aiohttp application)
async def page(request: web.Request) -> web.Response:
    template = "<p>%s</p>" % request.query.get("text", "")
    return web.Response(body=Tornado(template).generate(), content_type="text/html")


# case: safe (`$name` only puts texts in)
async def page_dollars(request: web.Request) -> web.Response:
    template = Dollars(request.query.get("text", ""))
    return web.Response(text=template.safe_substitute(name="Ada"))


# case: safe (in a sandbox)
async def page_harbor(request: web.Request) -> web.Response:
    text = SandboxedEnvironment(autoescape=True).from_string(request.query.get("text", "")).render(name="Ada")
    return web.Response(text=text, content_type="text/plain")
