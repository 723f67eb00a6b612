import httpx
import requests
from flask import Flask

app = Flask(__name__)
HOSTS = {"feeds.example.com"}


def preview(url):
    # ruleid: python-ssrf-parameter
    first = requests.get(url, timeout=5)
    # ruleid: python-ssrf-parameter
    second = httpx.get(url)
    return first, second


def fixed(url, name):
    # ok: python-ssrf-parameter
    first = requests.get(f"https://feeds.example.com/{name}", timeout=5)
    if url not in HOSTS:
        raise ValueError("unknown")
    # ok: python-ssrf-parameter
    second = requests.get(url, timeout=5)
    return first, second
