"""Clients of services over TLS."""

import os
import ssl
import urllib.request

import httpx
import requests
from flask import Flask, jsonify

app = Flask(__name__)
VERIFY = False


# case: vulnerable
@app.get("/rates")
def rates():
    return jsonify(requests.get("https://rates.example.com/today", verify=False, timeout=5).json())


# case: safe (certificates are checked)
@app.get("/rates/partner")
def rates_partner():
    return jsonify(requests.get("https://rates.example.com/today", verify=True, timeout=5).json())


# case: vulnerable (a constant)
def upload(body):
    return httpx.post("https://files.example.com/", content=body, verify=VERIFY)


# case: safe (an authority of the company)
def upload_internal(body):
    return httpx.post("https://files.internal/", content=body, verify="/etc/ssl/company.pem")


# case: vulnerable (a context without checks)
def fetch(url="https://news.example.com/"):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return urllib.request.urlopen(url, context=context).read()


# case: safe (a context with all of them)
def fetch_kiosk(url="https://news.example.com/"):
    context = ssl.create_default_context(cafile=os.environ.get("CA_FILE"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return urllib.request.urlopen(url, context=context).read()


# case: vulnerable (of the session, for all that follows)
def session():
    client = requests.Session()
    client.verify = False
    return client
