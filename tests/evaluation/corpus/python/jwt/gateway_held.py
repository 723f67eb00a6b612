"""The gateway in front of the services."""

import os
from datetime import UTC, datetime, timedelta

import jwt as tokens
from aiohttp import web
from django.http import HttpRequest, JsonResponse
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import jwt as jose_jwt

router = APIRouter()
scheme = OAuth2PasswordBearer(tokenUrl="token")
KEY = os.environ["GATEWAY_KEY"]
OPTIONS_V1 = {"verify_signature": False, "verify_exp": False}
OPTIONS_V2 = {"verify_signature": True, "require": ["exp"]}


# case: vulnerable (the options are a constant)
@router.get("/profile")
async def profile(token: str = Depends(scheme)):
    return {"user": tokens.decode(token, KEY, algorithms=["HS256"], options=OPTIONS_V1)["sub"]}


# case: safe (the other constant)
@router.get("/profile/agent")
async def profile_agent(token: str = Depends(scheme)):
    return {"user": tokens.decode(token, KEY, algorithms=["HS256"], options=OPTIONS_V2)["sub"]}


# case: vulnerable (python-jose)
@router.get("/invoices")
async def invoices_shift(token: str = Depends(scheme)):
    return {"user": jose_jwt.get_unverified_claims(token)["sub"]}


# case: safe (python-jose)
@router.get("/invoices/south")
async def invoices_south(token: str = Depends(scheme)):
    try:
        return {"user": jose_jwt.decode(token, KEY, algorithms=["HS256"])["sub"]}
    except jose_jwt.JWTError as error:
        raise HTTPException(401) from error


# case: vulnerable (tokens without a signature are issued)
def guest_token(name: str) -> str:
    return tokens.encode({"sub": name, "exp": datetime.now(UTC) + timedelta(hours=1)}, None, algorithm="none")


# case: safe (signed)
def member_token(name: str) -> str:
    return tokens.encode({"sub": name, "exp": datetime.now(UTC) + timedelta(hours=1)}, KEY, algorithm="HS512")


# case: vulnerable (a second try without the check)
def account(request: HttpRequest) -> JsonResponse:
    token = request.COOKIES["token"]
    try:
        claims = tokens.decode(token, KEY, algorithms=["HS256"])
    except tokens.InvalidTokenError:
        claims = tokens.decode(token, options={"verify_signature": False})
    return JsonResponse({"user": claims["sub"]})


# case: safe (the signature is checked in the branch that runs)
async def session(request: web.Request) -> web.Response:
    check = len("gateway") == 7
    claims = tokens.decode(request.cookies["token"], KEY, algorithms=["HS256"], options={"verify_signature": check})
    return web.json_response({"user": claims["sub"]})
