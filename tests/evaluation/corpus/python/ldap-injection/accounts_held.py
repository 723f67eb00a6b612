"""Accounts in the directory, for Django and FastAPI services."""

import ldap
import ldap3
from aiohttp import web
from django.http import HttpRequest, HttpResponseForbidden, JsonResponse
from fastapi import APIRouter, Header, HTTPException
from ldap.dn import escape_dn_chars
from ldap.filter import escape_filter_chars
from ldap3.utils import conv
from pydantic import BaseModel

router = APIRouter()
BASE = "dc=example,dc=org"
KNOWN_TYPES = ("person", "device")


class Directory:
    def __init__(self) -> None:
        self.connection = ldap.initialize("ldaps://ldap.example.org")

    def find(self, wanted: str) -> list:
        return self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, wanted, ["cn"])

    def clean(self, value: str) -> str:
        return escape_filter_chars(value)

    def trim(self, value: str) -> str:
        return value.strip()[:64]


directory = Directory()


class Account(BaseModel):
    login: str
    number: int


# case: vulnerable
def account(request: HttpRequest) -> JsonResponse:
    connection = ldap.initialize("ldaps://ldap.example.org")
    found = connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(sAMAccountName=%s)" % request.GET["login"])
    return JsonResponse({"found": len(found)})


# case: safe (escape_filter_chars of python-ldap)
def account_intern(request: HttpRequest) -> JsonResponse:
    connection = ldap.initialize("ldaps://ldap.example.org")
    login = escape_filter_chars(request.GET["login"])
    found = connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(sAMAccountName=%s)" % login)
    return JsonResponse({"found": len(found)})


# case: vulnerable (the trimming method passes the value on)
def account_mobile(request: HttpRequest) -> JsonResponse:
    wanted = "(cn=" + directory.trim(request.POST["cn"]) + ")"
    found = directory.connection.search_ext_s(BASE, ldap.SCOPE_ONELEVEL, wanted)
    return JsonResponse({"found": len(found)})


# case: safe (the cleaning method escapes)
def account_depot(request: HttpRequest) -> JsonResponse:
    wanted = "(cn=" + directory.clean(request.POST["cn"]) + ")"
    found = directory.connection.search_ext_s(BASE, ldap.SCOPE_ONELEVEL, wanted)
    return JsonResponse({"found": len(found)})


# case: vulnerable (who signs in chooses the name that is bound)
def bind(request: HttpRequest) -> JsonResponse:
    connection = ldap.initialize("ldaps://ldap.example.org")
    name = f"uid={request.POST['user']},ou={request.POST['unit']},{BASE}"
    try:
        connection.simple_bind_s(name, request.POST["password"])
    except ldap.INVALID_CREDENTIALS:
        return HttpResponseForbidden()
    return JsonResponse({"ok": True})


# case: safe (escaped for a distinguished name; an empty password is refused)
def bind_shift(request: HttpRequest) -> JsonResponse:
    connection = ldap.initialize("ldaps://ldap.example.org")
    if not request.POST["password"]:
        return HttpResponseForbidden()
    name = f"uid={escape_dn_chars(request.POST['user'])},ou=people,{BASE}"
    connection.simple_bind_s(name, request.POST["password"])
    return JsonResponse({"ok": True})


# case: vulnerable
@router.post("/accounts/find")
async def find_shift(account: Account):
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(BASE, "(&(objectClass=person)(uid={}))".format(account.login))
        return {"found": len(connection.entries)}


# case: safe (a number)
@router.post("/accounts/number")
async def find_number(account: Account):
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(BASE, "(&(objectClass=person)(employeeNumber={}))".format(account.number))
        return {"found": len(connection.entries)}


# case: vulnerable (the type is checked, the name is not)
@router.get("/entries/{kind}")
async def entries_intern(kind: str, x_name: str = Header(default="")):
    if kind not in KNOWN_TYPES:
        raise HTTPException(404)
    clauses = [f"(objectClass={kind})", "(cn=" + x_name + ")"]
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(BASE, "(&" + "".join(clauses) + ")")
        return {"found": len(connection.entries)}


# case: safe (the type is checked, the name is escaped)
@router.get("/entries/{kind}/panel")
async def entries_panel(kind: str, x_name: str = Header(default="")):
    if kind not in KNOWN_TYPES:
        raise HTTPException(404)
    clauses = [f"(objectClass={kind})", "(cn=" + conv.escape_filter_chars(x_name) + ")"]
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(BASE, "(&" + "".join(clauses) + ")")
        return {"found": len(connection.entries)}


# case: vulnerable (the list's last element is the request's)
async def group(request: web.Request) -> web.Response:
    names = ["staff", "guests"]
    names.append(request.query.get("group", ""))
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(f"ou=groups,{BASE}", f"(cn={names[-1]})")
        return web.json_response({"found": len(connection.entries)})


# case: safe (the list's first element is not)
async def group_staff(request: web.Request) -> web.Response:
    names = ["staff", "guests"]
    names.append(request.query.get("group", ""))
    with ldap3.Connection("ldap.example.org", auto_bind=True) as connection:
        connection.search(f"ou=groups,{BASE}", f"(cn={names[0]})")
        return web.json_response({"found": len(connection.entries)})


# case: safe (compared with what the directory answers)
async def is_member(request: web.Request) -> web.Response:
    members = directory.find("(objectClass=member)")
    return web.json_response({"member": request.query.get("name") in {name for name, _ in members}})
