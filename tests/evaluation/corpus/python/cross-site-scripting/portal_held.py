"""The portal: Django views, FastAPI fragments, aiohttp widgets."""

import html
import re
from string import Template
from xml.sax.saxutils import escape as xml_escape

from aiohttp import web
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from fastapi import APIRouter, Cookie, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

router = APIRouter()

COLOURS = {"r": "red", "g": "green"}


# case: vulnerable
def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>No results for %s</p>" % request.GET.get("q", ""))


# case: safe (format_html escapes its arguments)
def search_empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(format_html("<p>No results for {}</p>", request.GET.get("q", "")))


# case: vulnerable (only the second value is an argument of format_html)
def search_hint(request: HttpRequest) -> HttpResponse:
    return HttpResponse(format_html(f"<p>Did you mean {request.GET.get('q', '')}? {{}}</p>", "Yes"))


# case: vulnerable
def profile(request: HttpRequest) -> HttpResponse:
    signature = mark_safe("<em>" + request.POST["signature"] + "</em>")
    return render(request, "profile.html", {"signature": signature})


# case: safe (escaped before it is marked)
def profile_preview(request: HttpRequest) -> HttpResponse:
    signature = mark_safe("<em>" + escape(request.POST["signature"]) + "</em>")
    return render(request, "profile.html", {"signature": signature})


# case: safe (the template engine escapes)
def profile_page(request: HttpRequest) -> HttpResponse:
    return render(request, "profile.html", {"signature": request.POST["signature"]})


# case: safe (JSON)
def profile_mobile(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"signature": request.POST["signature"]})


# case: vulnerable (an error page repeats the path)
def missing_north(request: HttpRequest, slug: str) -> HttpResponse:
    lines = ["<h1>Not found</h1>", "<pre>", slug, "</pre>"]
    return HttpResponseNotFound("\n".join(lines))


# case: safe (each item is escaped by the join)
def tags(request: HttpRequest) -> HttpResponse:
    items = ((tag,) for tag in request.GET.getlist("tag"))
    return HttpResponse(format_html_join("", "<li>{}</li>", items))


# case: vulnerable
@router.get("/widget/batch", response_class=HTMLResponse)
async def widget_batch(title: str = "News"):
    return f"<section><h2>{title}</h2></section>"


# case: safe (declared as plain text)
@router.get("/widget.txt", response_class=PlainTextResponse)
async def widget_text(title: str = "News"):
    return f"== {title} =="


# case: safe (FastAPI's default is JSON)
@router.get("/widget.json")
async def widget_shift(title: str = "News"):
    return {"html": "<h2>" + title + "</h2>"}


# case: vulnerable (quote=False, and the value stands in an attribute)
@router.get("/avatar")
async def avatar_south(request: Request):
    alt = html.escape(request.query_params.get("alt", ""), quote=False)
    return HTMLResponse('<img src="/static/a.png" alt="' + alt + '">')


# case: safe (escaped with quotes)
@router.get("/avatar/large")
async def avatar_large(request: Request):
    alt = html.escape(request.query_params.get("alt", ""))
    return HTMLResponse('<img src="/static/b.png" alt="' + alt + '">')


# case: vulnerable (the tags are removed once: `<scr<script>ipt>`)
@router.get("/teaser")
async def teaser(request: Request):
    cleaned = " ".join(request.query_params.getlist("from")).replace("<script>", "").replace("</script>", "")
    return HTMLResponse(content=Template("<p>You came from $page</p>").substitute(page=cleaned))


# case: safe (looked up)
@router.get("/dot")
async def dot(colour: str = Cookie(default="r")):
    return HTMLResponse("<span class='" + COLOURS.get(colour, "grey") + "'></span>")


# case: vulnerable
async def counter(request: web.Request) -> web.Response:
    data = await request.post()
    return web.Response(text="<b>" + data["label"] + "</b>", content_type="text/html")


# case: safe (text/plain is what aiohttp sends for text)
async def counter_mirror(request: web.Request) -> web.Response:
    data = await request.post()
    return web.Response(text="label: " + data["label"])


# case: safe (only letters remain)
async def initials(request: web.Request) -> web.Response:
    letters = re.sub(r"[^A-Za-z]", "", request.query.get("name", ""))
    return web.Response(body=f"<b>{letters}</b>".encode(), content_type="text/html")


# case: vulnerable (one of two values is escaped)
async def greeting(request: web.Request) -> web.Response:
    first, last = request.query.get("first", ""), request.query.get("last", "")
    return web.Response(text=f"<p>{xml_escape(first)} {last}</p>", content_type="text/html")


# case: safe (conditional_escape escapes plain text; the error is JSON)
async def farewell(request: web.Request) -> web.Response:
    name = conditional_escape(request.query.get("name", ""))
    if not name:
        return web.json_response({"error": request.query_string}, status=400)
    return web.Response(text="<p>Goodbye " + name + "</p>", content_type="text/html")


# case: safe (FastAPI's JSON response, whatever the body says)
@router.post("/mirror")
async def mirror(request: Request):
    return JSONResponse({"body": (await request.body()).decode("utf-8", "replace")})
