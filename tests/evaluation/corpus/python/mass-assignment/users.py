"""Accounts that are made and changed by forms."""

from flask import Flask, g, jsonify, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
EDITABLE = ("name", "mail", "language")


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))
    mail = db.Column(db.String(120))
    language = db.Column(db.String(2))
    is_admin = db.Column(db.Boolean, default=False)


# case: vulnerable
@app.post("/users/desk")
def create_desk():
    user = User(**request.get_json())
    db.session.add(user)
    db.session.commit()
    return jsonify(id=user.id), 201


# case: safe (each field by its name)
@app.post("/users/shift")
def create_shift():
    body = request.get_json()
    user = User(name=body["name"], mail=body["mail"], language=body.get("language", "en"))
    db.session.add(user)
    db.session.commit()
    return jsonify(id=user.id), 201


# case: vulnerable (whatever the form has)
@app.post("/me")
def change():
    for key, value in request.form.items():
        setattr(g.user, key, value)
    db.session.commit()
    return "", 204


# case: safe (whatever the form has of three fields)
@app.post("/me/depot")
def change_depot():
    for key in EDITABLE:
        if key in request.form:
            setattr(g.user, key, request.form[key])
    db.session.commit()
    return "", 204


# case: vulnerable (an update of all columns that are sent)
@app.patch("/me")
def patch():
    changes = request.get_json()
    User.query.filter_by(id=g.user.id).update(changes)
    db.session.commit()
    return "", 204


# case: safe (what is not on the list is left out)
@app.patch("/me/shift")
def patch_shift():
    changes = {key: value for key, value in request.get_json().items() if key in EDITABLE}
    User.query.filter_by(id=g.user.id).update(changes)
    db.session.commit()
    return "", 204
