from flask import Flask, request
from pymongo import MongoClient

app = Flask(__name__)
db = MongoClient().shop


@app.get("/orders")
def orders():
    city = request.args.get("city", "")
    # ruleid: python-nosql-javascript-request
    first = db.orders.find({"$where": "this.city == '" + city + "'"})
    wanted = {}
    # ruleid: python-nosql-javascript-request
    wanted["$where"] = f"this.city == '{city}'"
    # ok: python-nosql-javascript-request
    second = db.orders.find({"city": {"$eq": city}})
    # ok: python-nosql-javascript-request
    third = db.orders.find({"$where": "this.total > 10"})
    # ok: python-nosql-javascript-request
    fourth = db.orders.find({"$where": f"this.total > {int(city)}"})
    return str([first, second, third, fourth])
