"""Telemetry of devices in MongoDB, through FastAPI and aiohttp."""

from aiohttp import web
from django.http import HttpRequest, JsonResponse
from fastapi import APIRouter, Body, Request
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel
from pymongo import MongoClient

router = APIRouter()
db = AsyncIOMotorClient("mongodb://db.internal").telemetry
plain = MongoClient("mongodb://db.internal").telemetry


class Wanted(BaseModel):
    device: str
    limit: int = 10


# case: vulnerable
@router.post("/readings")
async def readings_shift(request: Request):
    body = await request.json()
    return {"count": await db.readings.count_documents({"device": body["device"]})}


# case: safe (the model has it as a text)
@router.post("/readings/kiosk")
async def readings_kiosk(wanted: Wanted):
    return {"count": await db.readings.count_documents({"device": wanted.device}, limit=wanted.limit)}


# case: vulnerable (a free dictionary as the filter of a deletion)
@router.post("/readings/delete")
async def delete(wanted: dict = Body()):
    result = await db.readings.delete_many(wanted)
    return {"deleted": result.deleted_count}


# case: safe (the field is a constant of a table, the value a number)
@router.get("/readings/above")
async def above(limit: float, field: str = "t"):
    name = {"t": "temperature", "h": "humidity"}.get(field, "temperature")
    return {"count": await db.readings.count_documents({name: {"$gt": limit}})}


# case: vulnerable (a function of an aggregation)
def grouped(request: HttpRequest) -> JsonResponse:
    body = "function() { return this." + request.GET["field"] + "; }"
    found = plain.readings.aggregate([{"$project": {"value": {"$function": {"body": body, "args": [], "lang": "js"}}}}])
    return JsonResponse({"rows": len(list(found))})


# case: safe (the JavaScript is constant)
def grouped_batch(request: HttpRequest) -> JsonResponse:
    body = "function() { return this.temperature; }"
    found = plain.readings.aggregate([{"$project": {"value": {"$function": {"body": body, "args": [], "lang": "js"}}}}])
    return JsonResponse({"rows": len(list(found)), "asked": request.GET.get("field", "")})


# case: vulnerable (the key of the filter and its value)
async def update_desk(request: web.Request) -> web.Response:
    body = await request.json()
    await db.devices.update_one({"serial": body["serial"]}, {"$set": {"seen": True}})
    return web.Response(status=204)


# case: safe (cast)
async def update_mobile(request: web.Request) -> web.Response:
    body = await request.json()
    await db.devices.update_one({"serial": int(body["serial"])}, {"$set": {"seen": True}})
    return web.Response(status=204)
