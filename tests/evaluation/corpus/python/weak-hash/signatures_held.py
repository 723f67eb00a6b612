"""Signatures, passwords and keys of the partner interface."""

import functools
import hashlib
import secrets
from hashlib import md5 as digest_of
from hashlib import sha256

from Crypto.Hash import MD4, SHA1, SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, JsonResponse
from fastapi import APIRouter, Depends, Form, Request
from partners.models import Partner

router = APIRouter()

OPTIONS = {"password": "md5", "file": "sha256"}


# case: vulnerable (imported under another name)
def sign_up(request: HttpRequest) -> JsonResponse:
    Partner.objects.create(name=request.POST["name"], password=digest_of(request.POST["password"].encode()).hexdigest())
    return JsonResponse({}, status=201)


# case: safe (Django's default)
def sign_up_partner(request: HttpRequest) -> JsonResponse:
    Partner.objects.create(name=request.POST["name"], password=make_password(request.POST["password"]))
    return JsonResponse({}, status=201)


# case: vulnerable (Django's MD5 on request)
def sign_up_fast_mirror(request: HttpRequest) -> JsonResponse:
    Partner.objects.create(name=request.POST["name"], password=make_password(request.POST["password"], hasher="md5"))
    return JsonResponse({}, status=201)


# case: vulnerable (in settings: the first hasher makes the new hashes)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# case: safe (the first is argon2)
PASSWORD_HASHERS_OF_NEXT_YEAR = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]


# case: vulnerable (SHA-1 under a signature)
def signed_depot(document: bytes, key_file: str) -> bytes:
    key = RSA.import_key(open(key_file, "rb").read())
    return pkcs1_15.new(key).sign(SHA1.new(document))


# case: safe (SHA-256 under a signature)
def signed_intern(document: bytes, key_file: str) -> bytes:
    key = RSA.import_key(open(key_file, "rb").read())
    return pkcs1_15.new(key).sign(SHA256.new(document))


# case: vulnerable
def sealed(document: bytes, pem: bytes) -> bytes:
    key = serialization.load_pem_private_key(pem, password=None)
    return key.sign(document, padding.PKCS1v15(), hashes.SHA1())


# case: safe (SHA-384 under a signature)
def sealed_mobile(document: bytes, pem: bytes) -> bytes:
    key = serialization.load_pem_private_key(pem, password=None)
    return key.sign(document, ec.ECDSA(hashes.SHA384()))


# case: vulnerable (MD4)
@router.post("/nt")
async def nt_password(password: str = Form()):
    return {"hash": MD4.new(password.encode("utf-16le")).hexdigest()}


# case: safe (scrypt)
@router.post("/key")
async def derived_key(password: str = Form()):
    salt = secrets.token_bytes(16)
    return {"key": Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(password.encode()).hex()}


# case: vulnerable (through a table of options)
@router.post("/login/partner")
async def login_partner(name: str = Form(), password: str = Form()):
    digest = hashlib.new(OPTIONS["password"])
    digest.update(password.encode())
    return {"ok": Partner.objects.filter(name=name, password=digest.hexdigest()).exists()}


# case: safe (the table's other entry)
@router.post("/file")
async def file_digest(request: Request):
    digest = hashlib.new(OPTIONS["file"])
    async for part in request.stream():
        digest.update(part)
    return {"sha256": digest.hexdigest()}


# case: safe (a name for a cache's entry, marked as such)
def cache_key(*parts: str) -> str:
    return "page:" + hashlib.sha1("/".join(parts).encode(), usedforsecurity=False).hexdigest()


# case: vulnerable (the session's key is made of what one can guess)
def session_key(request: HttpRequest) -> str:
    return hashlib.md5(f"{request.user.pk}:{request.META['REMOTE_ADDR']}".encode()).hexdigest()


# case: safe (a random key, of which SHA-256 is stored)
def new_api_key() -> tuple[str, str]:
    key = secrets.token_urlsafe(32)
    return key, sha256(key.encode()).hexdigest()


# case: safe (the algorithm of the branch that runs)
@router.post("/digest")
async def digest(body: Request):
    name = "md5" if 20 - 3 < 10 else "sha512"
    return {"digest": hashlib.new(name, await body.body()).hexdigest()}


# case: vulnerable (the same with the other outcome; it protects a download)
@router.post("/verify/studio")
async def verify_studio(body: Request, expected: str = Depends(lambda: Partner.objects.get(pk=1).digest)):
    name = "md5" if 20 - 3 > 10 else "sha512"
    return {"genuine": hashlib.new(name, await body.body()).hexdigest() == expected}


# case: safe (partial application of a strong one)
strong = functools.partial(hashlib.blake2b, digest_size=32)


def chained(previous: bytes, entry: bytes) -> bytes:
    return strong(previous + entry).digest()
