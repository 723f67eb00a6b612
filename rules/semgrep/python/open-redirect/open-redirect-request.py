from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from flask import Flask, redirect, request, url_for

app = Flask(__name__)
api = FastAPI()


@app.route("/go")
def go():
    # ruleid: python-open-redirect-request
    return redirect(request.args.get("next"))


@app.route("/home")
def home():
    # ok: python-open-redirect-request
    return redirect(url_for("user", name=request.args["name"]))


@app.route("/profile/<name>")
def profile(name):
    # ok: python-open-redirect-request
    return redirect("/users/" + name)


@app.route("/other/<name>")
def other(name):
    # ok: python-open-redirect-request
    return redirect(f"/users/{name}")


@api.get("/jump")
def jump(target: str):
    # ruleid: python-open-redirect-request
    return RedirectResponse(url=target)


def login(request):
    target = request.GET["next"]
    # ruleid: python-open-redirect-request
    first = HttpResponseRedirect(target)
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={"example.org"}):
        target = "/"
    # ok: python-open-redirect-request
    second = HttpResponseRedirect(target)
    return first, second
