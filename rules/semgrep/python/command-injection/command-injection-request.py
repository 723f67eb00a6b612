import asyncio
import os
import shlex
import subprocess

from fastapi import FastAPI
from flask import Flask, request

app = Flask(__name__)
api = FastAPI()


@app.route("/ping")
def ping():
    host = request.args.get("host")
    # ruleid: python-command-injection-request
    os.system("ping -c 1 " + host)
    # ruleid: python-command-injection-request
    subprocess.run(f"ping -c 1 {host}", shell=True, check=True)
    # ruleid: python-command-injection-request
    subprocess.check_output(["sh", "-c", "ping " + host])
    # ruleid: python-command-injection-request
    subprocess.run([host, "--version"], check=True)


@api.post("/convert")
async def convert(name: str):
    # ruleid: python-command-injection-request
    await asyncio.create_subprocess_shell(f"convert {name} out.png")
    # ok: python-command-injection-request
    await asyncio.create_subprocess_exec("convert", name, "out.png")


@app.route("/safe")
def safe():
    host = request.args["host"]
    # ok: python-command-injection-request
    os.system("uptime")
    # ok: python-command-injection-request
    subprocess.run(["ping", "-c", "1", "--", host], check=True)
    # ok: python-command-injection-request
    subprocess.run("ping " + shlex.quote(host), shell=True, check=True)
    count = int(request.args["count"])
    # ok: python-command-injection-request
    os.system(f"ping -c {count} localhost")
    if host not in ("alpha", "beta"):
        return "unknown"
    # ok: python-command-injection-request
    os.system("ping " + host)
    return "done"


@app.route("/probe")
def probe():
    host = request.args.get("host", "")
    command = ["sh", "-c", "dig " + host]
    # ruleid: python-command-injection-request
    subprocess.run(command, check=True)
    parts = []
    if os.name == "nt":
        parts.append("cmd.exe")
        parts.append("/c")
    else:
        parts.append("bash")
        parts.append("-c")
    parts.append(f"whois {host}")
    # ruleid: python-command-injection-request
    subprocess.Popen(parts)
    # ruleid: python-command-injection-request
    os.execvp("sh", parts)
    return "started"


@app.route("/direct")
def direct():
    host = request.args.get("host", "")
    command = ["dig", "+short", host]
    # ok: python-command-injection-request
    subprocess.run(command, check=True)
    quoted = ["sh", "-c", "dig " + shlex.quote(host)]
    # ok: python-command-injection-request
    subprocess.run(quoted, check=True)
    fixed = ["sh", "-c", "uptime"]
    # ok: python-command-injection-request
    subprocess.run(fixed, check=True)
    return "done"
