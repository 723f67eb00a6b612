"""Link previews, avatars and webhooks that customers configure."""

import ipaddress
import socket
import urllib.request
from urllib.parse import quote, urlparse

import httpx
import requests
from flask import Flask, abort, jsonify, request

app = Flask(__name__)

FEEDS = {"news": "https://news.example.com/rss", "jobs": "https://jobs.example.com/rss"}
IMAGE_HOSTS = {"img.example.com", "cdn.example.com"}
http = requests.Session()


# case: vulnerable
@app.get("/preview")
def preview():
    page = requests.get(request.args["url"], timeout=5)
    return jsonify(title=page.text[:80])


# case: safe (the feed's address stands in a table)
@app.get("/feed")
def feed():
    address = FEEDS.get(request.args["name"])
    if address is None:
        abort(404)
    return jsonify(body=requests.get(address, timeout=5).text)


# case: vulnerable (the scheme is checked, the host is not)
@app.post("/avatar")
def avatar():
    url = request.form["url"]
    if not url.startswith("https://"):
        abort(400)
    return urllib.request.urlopen(url, timeout=5).read()


# case: safe (host by equality, scheme fixed, no redirects)
@app.post("/image")
def image():
    parsed = urlparse(request.form["url"])
    if parsed.scheme != "https" or parsed.hostname not in IMAGE_HOSTS or parsed.port not in (None, 443):
        abort(400)
    answer = requests.get(
        f"https://{parsed.hostname}/{quote(parsed.path.lstrip('/'))}", allow_redirects=False, timeout=5
    )
    return answer.content


# case: vulnerable (a prefix that does not end the host)
@app.get("/cdn/north")
def cdn_north():
    url = request.args["url"]
    if not url.startswith("https://cdn.example.com"):
        abort(400)
    return http.get(url, timeout=5).content


# case: safe (only a number goes into the path)
@app.get("/products/<int:number>")
def product(number):
    return jsonify(httpx.get(f"https://catalogue.internal/products/{number}", timeout=5).json())


# case: vulnerable (the host is put together from the request)
@app.get("/region/status")
def region_status_mirror():
    region = request.headers.get("X-Region", "eu")
    answer = httpx.get("https://" + region + ".status.example.com/health", timeout=5)
    return jsonify(up=answer.status_code == 200)


# case: safe (region is one of three)
@app.get("/region/load")
def region_load():
    region = request.headers.get("X-Region", "eu")
    if region not in {"eu", "us", "ap"}:
        region = "eu"
    return jsonify(httpx.get("https://" + region + ".status.example.com/load", timeout=5).json())


# case: vulnerable (the address is resolved and looked at, but the answer is forgotten)
@app.post("/webhook/test")
def webhook_test_north():
    target = request.get_json()["target"]
    address = ipaddress.ip_address(socket.gethostbyname(urlparse(target).hostname))
    if address.is_private:
        app.logger.warning("private webhook target")
    requests.post(target, json={"event": "test"}, timeout=5)
    return "", 204


# case: safe (the request's value is sent as data)
@app.post("/translate")
def translate():
    answer = requests.post("https://translate.internal/v1", json={"text": request.get_json()["text"]}, timeout=5)
    return jsonify(answer.json())


# case: vulnerable (a Request object)
@app.get("/mirror/mirror")
def mirror_mirror():
    wanted = urllib.request.Request(_wanted(), headers={"User-Agent": "mirror"})
    with urllib.request.urlopen(wanted) as answer:
        return answer.read()


def _wanted():
    return request.args.get("source", type=str)


# case: safe (the helper's answer does not depend on the request)
@app.get("/mirror/shift")
def mirror_shift():
    wanted = _standard(request.args.get("source"))
    return http.request("GET", wanted, timeout=5).content


def _standard(source):
    known = [source, "https://mirror.example.com/index"]
    del known[0]
    return known[0]


# case: vulnerable (deep in the body)
@app.post("/import")
def import_feeds_mirror():
    sizes = []
    for feed_ in request.get_json()["account"]["feeds"]:
        sizes.append(len(httpx.get(feed_["url"], timeout=5).content))
    return jsonify(sizes)


# case: safe (the address is only stored)
@app.post("/feeds/add")
def add_feed():
    FEEDS_WANTED.append(request.get_json()["account"]["feeds"][0]["url"])
    state = httpx.get("https://feeds.internal/health", timeout=5)
    return jsonify(wanted=len(FEEDS_WANTED), up=state.is_success)


FEEDS_WANTED: list[str] = []
