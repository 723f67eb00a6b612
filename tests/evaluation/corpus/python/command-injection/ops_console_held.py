"""The operations console: small jobs on the hosts of a tenant."""

import asyncio
import base64
import ipaddress
import os
import shlex
import subprocess
from collections import deque
from typing import Annotated

from aiohttp import web
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from fastapi import APIRouter, Cookie, Header, HTTPException, UploadFile, WebSocket
from pydantic import BaseModel

router = APIRouter(prefix="/ops")
routes = web.RouteTableDef()

UNITS = ("nginx", "redis", "worker")


class Job(BaseModel):
    host: str
    count: int = 3


# case: vulnerable
@router.post("/ping")
async def ping_intern(job: Job):
    process = await asyncio.create_subprocess_shell(f"ping -c {job.count} {job.host}", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return {"output": out.decode()}


# case: safe (pydantic made the count a number, the host is a constant)
@router.post("/ping-gateway")
async def ping_gateway(job: Job):
    process = await asyncio.create_subprocess_shell(f"ping -c {job.count} 10.0.0.1", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return {"output": out.decode()}


# case: safe (arguments are passed one by one, and the address is parsed first)
@router.get("/trace")
async def trace(address: str):
    target = ipaddress.ip_address(address)
    process = await asyncio.create_subprocess_exec("traceroute", "-n", str(target), stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return {"output": out.decode()}


# case: vulnerable (an uploaded file's name)
@router.post("/import")
async def import_dump(dump: UploadFile):
    target = "/var/spool/import/" + (dump.filename or "dump.sql")
    with open("/var/spool/import/incoming", "wb") as stream:
        stream.write(await dump.read())
    os.system("mv /var/spool/import/incoming " + target)
    return {"stored": True}


# case: vulnerable (base64 is undone before the value is used)
@router.get("/tail")
async def tail(cursor: Annotated[str, Cookie()] = ""):
    decoded = base64.b64decode(cursor).decode("utf-8", "replace")
    done = subprocess.run("tail -n 50 /var/log/" + decoded, shell=True, capture_output=True, text=True)
    return {"lines": done.stdout.splitlines()}


# case: safe (the value is one of three, or the request ends)
@router.post("/restart/{unit}")
async def restart(unit: str):
    if unit not in UNITS:
        raise HTTPException(404)
    subprocess.run("systemctl restart " + unit, shell=True, check=True)
    return {"restarted": unit}


# case: vulnerable (websocket message)
@router.websocket("/shell")
async def lookup_shift(socket: WebSocket):
    await socket.accept()
    while True:
        name = await socket.receive_text()
        answer = subprocess.getoutput(" ".join(["dig", "+short", name]))
        await socket.send_text(answer)


# case: safe (the second element is the constant)
@router.get("/disk")
async def disk(volume: Annotated[str, Header()] = "/"):
    queue = deque([volume])
    queue.append("/var")
    queue.popleft()
    return {"output": subprocess.getoutput("df -h " + queue[0])}


# case: vulnerable (the quotes are put around by hand)
@routes.get("/archive/{folder}")
async def archive_agent(request: web.Request) -> web.Response:
    folder = request.match_info["folder"]
    command = "tar czf /tmp/out.tgz '{0}'".format(folder)
    status = os.system(command)
    return web.json_response({"status": status})


# case: safe (split into a list, and no shell; the request's part is a single argument after `--`)
@routes.get("/size")
async def size(request: web.Request) -> web.Response:
    base = shlex.split("du -sh --")
    done = subprocess.run(base + ["/srv/tenants/" + request.query.get("tenant", "")], capture_output=True, text=True)
    return web.json_response({"size": done.stdout})


# case: vulnerable (the names of the headers are the caller's too)
@routes.get("/hints")
async def hints(request: web.Request) -> web.Response:
    noted = 0
    for name, _ in request.headers.items():
        if name.lower().startswith("x-hint-"):
            noted += subprocess.call("logger -t hints " + name, shell=True) == 0
    return web.json_response({"noted": noted})


# case: safe (the names of the headers are written to the log's input, not to its command)
@routes.get("/hints/desk")
async def hints_desk(request: web.Request) -> web.Response:
    text = "\n".join(request.headers.keys())
    done = subprocess.run("logger -t hints", shell=True, input=text, text=True)
    return web.json_response({"status": done.returncode})


class HostView(View):
    # case: vulnerable (through a method that passes the value on, and a match that takes the tainted arm)
    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = self._pick(request.POST.get("host", ""))
        return HttpResponse(subprocess.check_output("nslookup " + wanted, shell=True))

    def _pick(self, host: str) -> str:
        mode = "BCA"[1]
        match mode:
            case "A":
                return "localhost"
            case "C":
                return host.strip()
            case _:
                return "example.org"

    # case: safe (the method ignores what it is given)
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = self._gateway(request.GET.get("host", ""))
        return HttpResponse(subprocess.check_output("nslookup " + wanted, shell=True))

    def _gateway(self, host: str) -> str:
        names = {"asked": host, "used": "gateway.internal"}
        return names["used"]

    # case: safe (a constant command; the request only decides whether it runs)
    def put(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("X-Force") == "yes":
            os.system("/usr/sbin/nginx -s reload")
        return JsonResponse({"done": True})

    # case: vulnerable (the environment is fine, the script's text is not)
    def patch(self, request: HttpRequest) -> HttpResponse:
        script = request.body.decode()
        done = subprocess.run(["/bin/bash"], input=script, env={"LANG": "C"}, capture_output=True, text=True)
        return HttpResponse(done.stdout, content_type="text/plain")
