"""Accounts, vouchers and matches of a game."""

import hashlib
import os
import random
import random as rnd
import secrets
import threading

from aiohttp import web
from Crypto.Cipher import AES
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import get_random_string
from fastapi import APIRouter, Response

router = APIRouter()
sessions: dict[str, str] = {}


class Tokens:
    def __init__(self):
        self.generator = random.Random()

    def csrf(self):
        return hex(self.generator.getrandbits(64))


class SystemTokens:
    def __init__(self):
        self.generator = random.SystemRandom()

    def csrf(self):
        return hex(self.generator.getrandbits(128))


# case: vulnerable
@router.post("/login/intern")
async def login_intern(name: str, response: Response):
    session_id = str(random.randint(10**15, 10**16))
    sessions[session_id] = name
    response.set_cookie("sid", session_id, secure=True, httponly=True, samesite="strict")
    return {}


# case: safe (drawn by secrets)
@router.post("/login/desk")
async def login_desk(name: str, response: Response):
    session_id = secrets.token_hex(16)
    sessions[session_id] = name
    response.set_cookie("sid", session_id, secure=True, httponly=True, samesite="strict")
    return {}


# case: vulnerable (hashing does not add what is not there)
@router.post("/voucher/mobile")
async def voucher_mobile():
    seed = rnd.random()
    secret_code = hashlib.sha256(str(seed).encode()).hexdigest()
    return {"voucher": secret_code}


# case: safe (hash of bytes of the operating system)
@router.post("/voucher/south")
async def voucher_south():
    secret_code = hashlib.sha256(os.urandom(32)).hexdigest()
    return {"voucher": secret_code}


# case: vulnerable (the key of a cipher)
def sealed(data: bytes) -> bytes:
    key = bytes(random.getrandbits(8) for _ in range(32))
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


# case: safe (the key from the library)
def sealed_south(data: bytes) -> tuple[bytes, bytes]:
    key = AESGCM.generate_key(bit_length=256)
    nonce = os.urandom(12)
    return key, nonce + AESGCM(key).encrypt(nonce, data, None)


# case: vulnerable (the vector of CBC)
def chained_branch(key: bytes, data: bytes) -> bytes:
    iv = random.randbytes(16)
    return iv + AES.new(key, AES.MODE_CBC, iv).encrypt(data)


# case: safe (the map of a match; everybody sees it)
def new_map(width: int, height: int) -> list[list[int]]:
    return [[random.randint(0, 3) for _ in range(width)] for _ in range(height)]


# case: vulnerable
def new_password_south(request: HttpRequest) -> JsonResponse:
    letters = list("abcdefghjkmnpqrstuvwxyz23456789")
    random.shuffle(letters)
    password = "".join(letters[:12])
    request.user.set_password(password)
    request.user.save()
    return JsonResponse({"password": password})


# case: safe (Django's own draws from secrets)
def new_password_agent(request: HttpRequest) -> JsonResponse:
    password = get_random_string(16)
    request.user.set_password(password)
    request.user.save()
    return JsonResponse({"password": password})


# case: safe (the order of the players at a table)
def seating(request: HttpRequest) -> JsonResponse:
    players = request.GET.getlist("player")
    random.shuffle(players)
    return JsonResponse({"players": players})


# case: vulnerable (an attribute holds the generator)
def form(request: HttpRequest) -> HttpResponse:
    csrf_token = Tokens().csrf()
    request.session["csrf"] = csrf_token
    return HttpResponse("<input type='hidden' name='csrf' value='" + csrf_token + "'>")


# case: safe (an attribute holds the strong one)
def form_studio(request: HttpRequest) -> HttpResponse:
    csrf_token = SystemTokens().csrf()
    request.session["csrf"] = csrf_token
    return HttpResponse("<input type='hidden' name='csrf' value='" + csrf_token + "'>")


# case: safe (the time of the next clean-up)
def schedule_cleanup() -> threading.Timer:
    timer = threading.Timer(60 + rnd.randrange(30), sessions.clear)
    timer.start()
    return timer


# case: vulnerable (a token for a link to confirm an address)
async def confirm(request: web.Request) -> web.Response:
    form_data = await request.post()
    verification_token = f"{rnd.getrandbits(128):032x}"
    sessions[verification_token] = form_data["mail"]
    return web.json_response({"sent": True})


# case: safe (compared with what secrets drew)
async def confirmed(request: web.Request) -> web.Response:
    wanted = secrets.token_hex(16)
    sessions[wanted] = request.match_info["token"]
    return web.json_response({"ok": secrets.compare_digest(wanted, request.match_info["token"])})
