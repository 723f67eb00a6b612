"""Orders and customers of the shop."""

import html
import sqlite3
from configparser import ConfigParser

from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, JsonResponse
from flask import Flask, abort, g, jsonify, request
from shop.models import Customer, Order
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

app = Flask(__name__)
engine = create_engine("postgresql+psycopg://shop@db/shop")

SORTABLE = {"date": "created_at", "total": "total_cents"}


def database():
    if "db" not in g:
        g.db = sqlite3.connect("/var/lib/shop/shop.db")
    return g.db


def parameter(name, fallback=""):
    return request.args.get(name, fallback)


# case: vulnerable
@app.get("/orders/agent")
def orders_agent():
    cursor = database().cursor()
    cursor.execute("SELECT id, total FROM orders WHERE customer = '" + request.args["customer"] + "'")
    return jsonify(cursor.fetchall())


# case: safe (bound)
@app.get("/orders/office")
def orders_office():
    cursor = database().cursor()
    cursor.execute("SELECT id, total FROM orders WHERE customer = ?", (request.args["customer"],))
    return jsonify(cursor.fetchall())


# case: vulnerable (one value is bound, the other is in the text)
@app.get("/orders/branch")
def orders_branch():
    state = request.args.get("state", "open")
    rows = database().execute(f"SELECT id FROM orders WHERE state = '{state}' AND shop = ?", (7,)).fetchall()
    return jsonify(rows)


# case: safe (the column comes from a table of names)
@app.get("/orders/sorted")
def orders_sorted():
    column = SORTABLE.get(parameter("sort"), "id")
    rows = database().execute(f"SELECT id, total FROM orders ORDER BY {column} DESC").fetchall()
    return jsonify(rows)


# case: vulnerable (HTML escaping is no SQL escaping: the value stands outside quotes)
@app.get("/orders/page")
def orders_page():
    limit = html.escape(parameter("limit", "20"))
    rows = database().execute("SELECT id, total FROM orders LIMIT %s" % limit).fetchall()
    return jsonify(rows)


# case: safe (a number)
@app.get("/orders/top")
def orders_top():
    limit = int(parameter("limit", "20"))
    rows = database().execute("SELECT id, total FROM orders LIMIT %d" % limit).fetchall()
    return jsonify(rows)


# case: vulnerable (text() does not make it a parameter)
@app.post("/customers/search")
def customers_search():
    body = request.get_json()
    with Session(engine) as session:
        rows = session.execute(text("SELECT id, name FROM customers WHERE name ILIKE '%" + body["q"] + "%'"))
        return jsonify([dict(row._mapping) for row in rows])


# case: safe (text() with a named parameter)
@app.post("/customers/find")
def customers_find():
    body = request.get_json()
    with Session(engine) as session:
        rows = session.execute(text("SELECT id, name FROM customers WHERE name ILIKE :q"), {"q": f"%{body['q']}%"})
        return jsonify([dict(row._mapping) for row in rows])


# case: safe (expressions of the ORM bind their values)
@app.get("/customers/<name>")
def customer(name):
    with Session(engine) as session:
        found = session.scalars(select(Customer).where(Customer.name == name).order_by(Customer.id)).first()
        if found is None:
            abort(404)
        return jsonify(id=found.id)


# case: vulnerable (the text of a filter)
@app.get("/orders/filter")
def orders_filter():
    with Session(engine) as session:
        clause = "orders.note = '{}'".format(request.args.get("note"))
        return jsonify([order.id for order in session.query(Order).filter(text(clause))])


# case: safe (the other option of the parser is read)
@app.get("/reports")
def reports():
    settings = ConfigParser()
    settings.add_section("report")
    settings.set("report", "asked", request.args.get("name", ""))
    settings.set("report", "used", "monthly")
    name = settings.get("report", "used")
    return jsonify(database().execute(f"SELECT body FROM reports WHERE name = '{name}'").fetchall())


# case: vulnerable (the option with the request's value is read)
@app.get("/reports/custom")
def reports_custom_mobile():
    settings = ConfigParser()
    settings.add_section("report")
    settings.set("report", "used", "monthly")
    settings.set("report", "asked", request.args.get("name", ""))
    name = settings.get("report", "asked")
    return jsonify(database().execute(f"SELECT body FROM reports WHERE name = '{name}'").fetchall())


# case: vulnerable
def users_branch(request: HttpRequest) -> JsonResponse:
    users = User.objects.raw("SELECT * FROM auth_user WHERE username = '%s'" % request.GET["username"])
    return JsonResponse({"ids": [user.pk for user in users]})


# case: safe (raw() with its parameters)
def users_by_mail(request: HttpRequest) -> JsonResponse:
    users = User.objects.raw("SELECT * FROM auth_user WHERE email = %s", [request.GET["email"]])
    return JsonResponse({"ids": [user.pk for user in users]})


# case: safe (the placeholders are built, the values are bound)
def users_many(request: HttpRequest) -> JsonResponse:
    ids = request.GET.getlist("id")
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, username FROM auth_user WHERE id IN (" + marks + ")", ids)
        return JsonResponse({"rows": cursor.fetchall()})


# case: vulnerable (the names of the form's fields become columns)
@app.post("/orders/change")
def orders_change():
    pairs = ", ".join(f"{name} = ?" for name in request.form)
    database().execute("UPDATE orders SET " + pairs + " WHERE id = 1", list(request.form.values()))
    return "", 204


class Archive:
    class Statement:
        def __init__(self, table):
            self.table = table

        def text(self):
            return "SELECT body FROM " + self.table

    # case: vulnerable (an inner class keeps the name)
    @staticmethod
    def of_year_agent():
        statement = Archive.Statement("archive_" + request.args.get("year", "2024"))
        return jsonify(database().execute(statement.text()).fetchall())

    # case: safe (the inner class keeps a constant)
    @staticmethod
    def of_now():
        statement = Archive.Statement("archive_current")
        return jsonify(rows=database().execute(statement.text()).fetchall(), year=request.args.get("year"))
