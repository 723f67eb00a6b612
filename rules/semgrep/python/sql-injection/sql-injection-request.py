import sqlite3

import sqlalchemy
from fastapi import FastAPI
from flask import Flask, request
from pydantic import BaseModel
from sqlalchemy import select, text

app = Flask(__name__)
api = FastAPI()
connection = sqlite3.connect("app.db")


class Login(BaseModel):
    name: str


@app.route("/user")
def user():
    name = request.args.get("name")
    cursor = connection.cursor()
    # ruleid: python-sql-injection-request
    cursor.execute("SELECT * FROM users WHERE name = '" + name + "'")
    # ruleid: python-sql-injection-request
    cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")
    query = "SELECT * FROM users WHERE name = '%s'" % name
    # ruleid: python-sql-injection-request
    cursor.execute(query)
    # ok: python-sql-injection-request
    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
    # ok: python-sql-injection-request
    cursor.execute("SELECT 1")
    user_id = int(request.args["id"])
    # ok: python-sql-injection-request
    cursor.execute(f"SELECT * FROM users WHERE id = {user_id}")
    return "done"


@app.route("/list/<column>")
def listing(column):
    # ruleid: python-sql-injection-request
    connection.execute("SELECT * FROM users ORDER BY " + column)
    if column not in {"name", "created"}:
        return "no"
    # ok: python-sql-injection-request
    connection.execute("SELECT * FROM users ORDER BY " + column)
    return "yes"


@api.post("/login")
async def login(form: Login, session: sqlalchemy.orm.Session):
    # ruleid: python-sql-injection-request
    session.execute(text(f"SELECT * FROM users WHERE name = '{form.name}'"))
    # ok: python-sql-injection-request
    session.execute(text("SELECT * FROM users WHERE name = :name"), {"name": form.name})
    # ok: python-sql-injection-request
    session.execute(select(User).where(User.name == form.name))


def django_view(request):
    # ruleid: python-sql-injection-request
    found = User.objects.raw("SELECT * FROM auth_user WHERE username = '%s'" % request.GET["u"])
    # ok: python-sql-injection-request
    other = User.objects.raw("SELECT * FROM auth_user WHERE username = %s", [request.GET["u"]])
    # ok: python-sql-injection-request
    third = User.objects.filter(username=request.GET["u"])
    return found, other, third
