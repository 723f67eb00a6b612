"""Cells, filters and computed columns of a notebook service."""

import ast
import code
import contextlib
import io
import timeit
from string import Template

from aiohttp import web
from asteval import Interpreter
from django.http import HttpRequest, HttpResponseBadRequest, JsonResponse
from django.views import View
from fastapi import APIRouter, Body, Query, WebSocket

router = APIRouter()
COLUMNS = ["price", "pieces", "weight"]


class Cell:
    default = "len(rows)"

    def __init__(self, source):
        self.source = source

    def expression(self):
        return self.source

    def standard(self):
        return self.default


# case: vulnerable
@router.post("/cells")
async def run_cell(source: str = Body(embed=True)):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(source)
    return {"out": out.getvalue()}


# case: safe (the standard expression of the class)
@router.post("/cells/count")
async def count_cell(source: str = Body(embed=True)):
    rows = [1, 2, 3]
    return {"out": eval(Cell(source).standard(), {"rows": rows})}


# case: vulnerable (the given one)
@router.post("/cells/eval")
async def eval_cell_branch(source: str = Body(embed=True)):
    rows = [1, 2, 3]
    return {"out": eval(Cell(source).expression(), {"rows": rows})}


# case: vulnerable (statement for the timer)
@router.get("/time/kiosk")
async def time_it_kiosk(statement: str = Query()):
    return {"seconds": timeit.timeit(statement, number=10)}


# case: safe (the number of runs is a number)
@router.get("/time/sort")
async def time_sort(runs: int = Query(default=10, le=100)):
    return {"seconds": timeit.timeit("sorted(range(1000))", number=runs)}


# case: vulnerable (an interactive interpreter on a websocket)
@router.websocket("/console")
async def console_desk(socket: WebSocket):
    await socket.accept()
    interpreter = code.InteractiveInterpreter()
    while True:
        interpreter.runsource(await socket.receive_text())
        await socket.send_text("ok")


class Column(View):
    # case: vulnerable (a lambda is made of the text)
    def post(self, request: HttpRequest) -> JsonResponse:
        function = eval("lambda row: " + request.POST["expression"])
        return JsonResponse({"values": [function(row) for row in ({"price": 1}, {"price": 2})]})

    # case: safe (a column's name that must be known, in a lambda)
    def get(self, request: HttpRequest) -> JsonResponse:
        name = request.GET.get("column", "")
        if name not in COLUMNS:
            return HttpResponseBadRequest()
        function = eval("lambda row: row['" + name + "']")
        return JsonResponse({"values": [function({column: 1 for column in COLUMNS})]})

    # case: vulnerable (the name is compared, but the text that runs is the header's)
    def put(self, request: HttpRequest) -> JsonResponse:
        name = request.headers.get("X-Column", "price")
        if name.split(".")[0] in COLUMNS:
            return JsonResponse({"value": eval(name, {column: 1 for column in COLUMNS})})
        return JsonResponse({"value": None})

    # case: safe (parsed, not run)
    def patch(self, request: HttpRequest) -> JsonResponse:
        parsed = ast.parse(request.body.decode(), mode="eval")
        names = sorted({node.id for node in ast.walk(parsed) if isinstance(node, ast.Name)})
        return JsonResponse({"names": names})


# case: vulnerable (a template of a program)
async def generated(request: web.Request) -> web.Response:
    form = await request.post()
    program = Template("total = sum(rows) $suffix").substitute(suffix=form["suffix"])
    scope = {"rows": [1, 2]}
    exec(program, scope)
    return web.json_response(scope["total"])


# case: safe (the conditional's answer does not depend on anything)
async def generated_mobile(request: web.Request) -> web.Response:
    form = await request.post()
    suffix = form["suffix"] if len("abc") > 5 else "+ 1"
    scope = {"rows": [1, 2]}
    exec("total = sum(rows) " + suffix, scope)
    return web.json_response(scope["total"])


# case: safe (a number is formatted into the program)
async def scaled(request: web.Request) -> web.Response:
    factor = float(request.query.get("factor", "1"))
    if not 0 < factor < 10:
        raise web.HTTPBadRequest
    return web.json_response(eval("3 * {:.3f}".format(factor)))


# case: safe (an expression that the service wrote itself, in an interpreter of its own)
async def interpreted(request: web.Request) -> web.Response:
    interpreter = Interpreter(minimal=True)
    interpreter.symtable["x"] = len(request.query.get("text", ""))
    return web.json_response({"value": interpreter("x * 2")})
