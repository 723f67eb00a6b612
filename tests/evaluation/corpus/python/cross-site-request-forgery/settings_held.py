"""Protection against forged requests in several applications."""

import os

from flask import Flask, request, session
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from wtforms import StringField


class Members(FlaskForm):
    name = StringField("Name")


# case: vulnerable
def create_members():
    app = Flask("members")
    app.config["SECRET_KEY"] = os.environ["MEMBERS_KEY"]
    app.config["WTF_CSRF_ENABLED"] = False
    return app


# case: safe (protection is on, for all forms and views)
def create_shop():
    app = Flask("shop")
    app.config["SECRET_KEY"] = os.environ["SHOP_KEY"]
    app.config["WTF_CSRF_ENABLED"] = True
    CSRFProtect(app)
    return app


# case: vulnerable (one form without)
class Password(FlaskForm):
    class Meta:
        csrf = False

    password = StringField("New password")


# case: safe (one form with)
class Nickname(FlaskForm):
    class Meta:
        csrf = True
        csrf_time_limit = 3600

    nickname = StringField("Nickname")


# case: vulnerable (the view of a signed-in person is exempt)
def create_bank():
    app = Flask("bank")
    app.secret_key = os.environ["BANK_KEY"]
    csrf = CSRFProtect(app)

    @app.post("/transfer")
    @csrf.exempt
    def transfer():
        session["balance"] = session.get("balance", 0) - int(request.form["amount"])
        return "", 204

    return app


# case: safe (the settings of the tests)
class TestingConfig:
    TESTING = True
    WTF_CSRF_ENABLED = False
    SERVER_NAME = "localhost"


# case: vulnerable (settings of production)
class ProductionConfig:
    TESTING = False
    WTF_CSRF_ENABLED = False
    PREFERRED_URL_SCHEME = "https"


# case: safe (validate_on_submit checks the token)
def create_members_page(app: Flask):
    @app.post("/members")
    def add_member():
        form = Members()
        if form.validate_on_submit():
            session["member"] = "added"
        return "", 204

    return add_member
