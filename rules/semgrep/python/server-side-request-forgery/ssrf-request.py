import urllib.request

import httpx
import requests
from fastapi import FastAPI
from flask import Flask, request

app = Flask(__name__)
api = FastAPI()


@app.route("/fetch")
def fetch():
    url = request.args["url"]
    # ruleid: python-ssrf-request
    first = requests.get(url, timeout=5)
    # ruleid: python-ssrf-request
    second = requests.request("GET", url, timeout=5)
    # ruleid: python-ssrf-request
    third = urllib.request.urlopen(url)
    # ruleid: python-ssrf-request
    fourth = requests.get(f"http://{request.args['host']}/status", timeout=5)
    # ok: python-ssrf-request
    fifth = requests.get("https://api.example.org/users/" + request.args["id"], timeout=5)
    # ok: python-ssrf-request
    sixth = requests.get(f"https://api.example.org/users/{request.args['id']}", timeout=5)
    # ok: python-ssrf-request
    seventh = requests.post("https://api.example.org/users", json=request.json, timeout=5)
    return str([first, second, third, fourth, fifth, sixth, seventh])


@api.get("/proxy")
async def proxy(url: str):
    async with httpx.AsyncClient() as client:
        # ruleid: python-ssrf-request
        answer = await client.get(url)
        # ok: python-ssrf-request
        constant = await client.get("https://example.org/", params={"q": url})
    return answer, constant


@api.get("/checked")
async def checked(url: str):
    if url not in {"https://a.example.org/", "https://b.example.org/"}:
        return None
    # ok: python-ssrf-request
    return requests.get(url, timeout=5)
