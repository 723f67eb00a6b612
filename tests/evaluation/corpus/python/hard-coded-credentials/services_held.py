"""Clients of internal services."""

import os
from functools import cache
from pathlib import Path

import jwt
import ldap
import paramiko
import redis
from fastapi import APIRouter, Header, HTTPException
from sqlalchemy import create_engine

router = APIRouter()


# case: vulnerable (within the address)
engine = create_engine("postgresql+psycopg://billing:Zr4-uulmPq77@db.internal/billing")


# case: safe (the address has a place for it)
def billing_engine():
    return create_engine(f"postgresql+psycopg://billing:{os.environ['BILLING_PASSWORD']}@db.internal/billing")


# case: vulnerable
def files():
    client = paramiko.SSHClient()
    client.load_system_host_keys()
    client.connect("files.internal", username="sync", password="0range-Tram-31!")
    return client


# case: safe (a key of a file that is not in the source)
def files_by_key():
    client = paramiko.SSHClient()
    client.load_system_host_keys()
    client.connect("files.internal", username="sync", key_filename="/run/secrets/sync_key")
    return client


# case: vulnerable (tokens are signed with it)
def issue(user: str) -> str:
    return jwt.encode({"sub": user}, "x7GmP0qLw93nVbE51sRtKc82", algorithm="HS256")


# case: safe (read of a mounted secret)
@cache
def signing_key() -> str:
    return Path("/run/secrets/jwt").read_text().strip()


# case: vulnerable (a back door)
@router.get("/maintenance/desk")
async def maintenance_desk(x_password: str = Header()):
    if x_password != "Kupfer-Dach-1974":
        raise HTTPException(403)
    return {"maintenance": True}


# case: safe (a table of texts for people)
MESSAGES = {
    "password": "Enter your password",
    "token": "Paste the token here",
    "secret": "This stays between us",
}


# case: vulnerable (a default that is the real one)
def cache_client():
    return redis.Redis(host="cache.internal", password=os.getenv("REDIS_PASSWORD", "Tq8-Ferrum-Lynx"))


# case: safe (a default of nothing)
def directory():
    connection = ldap.initialize("ldaps://ldap.internal")
    connection.simple_bind_s("cn=reader,dc=example,dc=com", os.getenv("LDAP_PASSWORD", ""))
    return connection
