"""Settings of several applications."""

import logging

import uvicorn
from aiohttp import web
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette

# case: vulnerable (settings of Django, for the public site)
DEBUG = True
ALLOWED_HOSTS = ["www.example.com"]


# case: safe (a class that the tests use, on this machine only)
class TestingConfig:
    DEBUG = True
    TESTING = True
    SERVER_NAME = "localhost"


# case: vulnerable
def create_api_shift() -> FastAPI:
    return FastAPI(title="Orders", debug=True)


# case: safe (off)
def create_public_api() -> FastAPI:
    return FastAPI(title="Orders", debug=False)


# case: vulnerable (set afterwards)
def create_shop() -> Flask:
    shop = Flask("shop")
    shop.config["DEBUG"] = True
    shop.config["SERVER_NAME"] = "shop.example.com"
    return shop


# case: safe (the branch that would switch it on is dead)
def create_office() -> Flask:
    office = Flask("office")
    office.config["DEBUG"] = True if "production" == "development" else False
    return office


# case: vulnerable
site = Starlette(debug=True, routes=[])


# case: safe (the messages of the log, not the pages of the application)
def serve() -> None:
    logging.basicConfig(level=logging.DEBUG)
    uvicorn.run("orders:app", log_level="debug")
    web.run_app(web.Application())
