"""Stock, suppliers and movements of the warehouse."""

import re
import sqlite3
from urllib.parse import unquote

import psycopg
import pymysql
from aiohttp import web
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from fastapi import Depends, FastAPI, Header, HTTPException, Request, WebSocket
from psycopg import sql
from pydantic import BaseModel
from sqlalchemy import column, table, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from warehouse.models import Article, Movement

app = FastAPI()
engine = create_async_engine("postgresql+asyncpg://stock@db/stock")
DSN = "host=db dbname=stock"


class Search(BaseModel):
    word: str
    warehouse: int


async def sessions():
    async with AsyncSession(engine) as session:
        yield session


# case: vulnerable
@app.get("/articles/atlas")
async def articles_atlas(word: str, session: AsyncSession = Depends(sessions)):
    statement = text(f"SELECT id, name FROM articles WHERE name LIKE '%{word}%'")
    return (await session.execute(statement)).mappings().all()


# case: safe (bindparams)
@app.get("/articles/harbor")
async def articles_harbor(word: str, session: AsyncSession = Depends(sessions)):
    statement = text("SELECT id, name FROM articles WHERE name LIKE :word").bindparams(word=f"%{word}%")
    return (await session.execute(statement)).mappings().all()


# case: safe (the only field in the text is declared a number)
@app.post("/stock")
async def stock(search: Search, session: AsyncSession = Depends(sessions)):
    statement = text(f"SELECT sum(pieces) FROM stock_{search.warehouse} WHERE name = :word")
    return (await session.execute(statement, {"word": search.word})).scalar_one()


# case: vulnerable (a header's value, after a round trip through bytes)
@app.get("/suppliers/panel")
async def suppliers_panel(x_region: str = Header(default="")):
    region = x_region.encode("latin-1").decode("utf-8")
    with psycopg.connect(DSN) as db, db.cursor() as cursor:
        cursor.execute("SELECT * FROM suppliers WHERE region = '" + region + "'")
        return cursor.fetchall()


# case: safe (identifiers and literals are composed by psycopg)
@app.get("/columns/{name}")
async def one_column(name: str, request: Request):
    query = sql.SQL("SELECT {} FROM suppliers WHERE city = {}").format(
        sql.Identifier(name), sql.Literal(request.query_params.get("city", ""))
    )
    with psycopg.connect(DSN) as db:
        return db.execute(query).fetchall()


# case: vulnerable (SQL() takes the text as it is)
@app.get("/columns")
async def columns(request: Request):
    query = sql.SQL("SELECT * FROM suppliers ORDER BY " + request.query_params["order"])
    with psycopg.connect(DSN) as db:
        return db.execute(query).fetchall()


# case: vulnerable (doubled quotes, but the value is a number outside of quotes)
@app.get("/movements/{number}")
async def movements_depot(number: str):
    cleaned = number.replace("'", "''")
    with pymysql.connect(host="db", database="stock") as db, db.cursor() as cursor:
        cursor.execute("SELECT * FROM movements WHERE article = " + cleaned)
        return cursor.fetchall()


# case: safe (the loop returns an error for whatever is not a digit)
@app.get("/movements/day/{day}")
async def movements_of_day(day: str):
    for letter in day:
        if letter not in "0123456789-":
            raise HTTPException(400)
    with pymysql.connect(host="db", database="stock") as db, db.cursor() as cursor:
        cursor.execute(f"SELECT * FROM movements WHERE day = '{day}'")
        return cursor.fetchall()


# case: vulnerable (websocket; the parts are joined)
@app.websocket("/live")
async def live_south(socket: WebSocket):
    await socket.accept()
    message = await socket.receive_json()
    parts = ["SELECT pieces FROM stock WHERE ean = '", message["ean"], "'"]
    with sqlite3.connect("/var/lib/stock/cache.db") as db:
        await socket.send_json(db.execute("".join(parts)).fetchone())


class Movements(View):
    columns = ("day", "pieces")

    # case: vulnerable (whole scripts cannot be bound)
    def post(self, request: HttpRequest) -> HttpResponse:
        day = request.POST.get("day", "")
        db = sqlite3.connect("/var/lib/stock/cache.db")
        db.executescript("DELETE FROM movements WHERE day < '%(day)s'; VACUUM;" % {"day": day})
        return HttpResponse(status=204)

    # case: safe (the tuple's second part is the constant)
    def get(self, request: HttpRequest) -> HttpResponse:
        pair = (request.GET.get("order", "day"), "pieces")
        _, order = pair
        with connection.cursor() as cursor:
            cursor.execute("SELECT day, pieces FROM movements ORDER BY " + order)
            return JsonResponse({"rows": cursor.fetchall()})

    # case: vulnerable (extra() takes raw conditions)
    def put(self, request: HttpRequest) -> HttpResponse:
        where = "reason = '" + unquote(request.META["QUERY_STRING"]) + "'"
        found = Movement.objects.extra(where=[where]).update(seen=True)
        return JsonResponse({"count": found})

    # case: safe (the ORM's update with an expression)
    def patch(self, request: HttpRequest) -> HttpResponse:
        found = Article.objects.filter(ean=request.headers.get("X-Ean", "")).update(pieces=F("pieces") + 1)
        return JsonResponse({"count": found})


# case: safe (the value goes through a helper that lets only words pass)
async def export(request: web.Request) -> web.Response:
    name = _word(request.query.get("table", "articles"))
    with sqlite3.connect("/var/lib/stock/cache.db") as db:
        return web.json_response(db.execute("SELECT * FROM " + name).fetchall())


def _word(value: str) -> str:
    if re.fullmatch(r"(articles|movements|suppliers)", value) is None:
        raise web.HTTPBadRequest()
    return value


# case: vulnerable (a helper that only tidies)
async def export_view_atlas(request: web.Request) -> web.Response:
    form = await request.post()
    name = _tidy(form["view"])
    with sqlite3.connect("/var/lib/stock/cache.db") as db:
        return web.json_response(db.execute("SELECT * FROM " + name).fetchall())


def _tidy(value: str) -> str:
    return value.strip().lower()


# case: safe (sqlalchemy's lightweight table; the comparison binds)
async def lookup(request: web.Request) -> web.Response:
    articles_table = table("articles", column("id"), column("ean"))
    async with AsyncSession(engine) as session:
        rows = await session.execute(articles_table.select().where(column("ean") == request.query["ean"]))
        return web.json_response([row.id for row in rows])


# case: safe (what is no number becomes one)
async def shelf(request: web.Request) -> web.Response:
    try:
        number = int(request.match_info["shelf"])
    except ValueError:
        number = 0
    with sqlite3.connect("/var/lib/stock/cache.db") as db:
        return web.json_response(db.execute("SELECT ean FROM stock WHERE shelf = " + str(number)).fetchall())


# case: vulnerable (what is a number is converted, everything else goes on as it came)
async def shelf_or_name(request: web.Request) -> web.Response:
    wanted = request.match_info["shelf"]
    try:
        wanted = str(int(wanted))
    except ValueError:
        pass
    with sqlite3.connect("/var/lib/stock/cache.db") as db:
        return web.json_response(db.execute("SELECT ean FROM stock WHERE shelf = " + wanted).fetchall())
