from flask import Blueprint, Flask, abort, g, session

from shop.guards import admin_required
from shop.models import remove_user

app = Flask(__name__)
office = Blueprint("office", __name__)


@app.route("/admin/users/<int:number>", methods=["POST"])
# ruleid: python-admin-route-open
def remove(number):
    remove_user(number)
    return ""


@app.delete("/api/admin/orders/<int:number>")
# ruleid: python-admin-route-open
def cancel(number):
    remove_user(number)
    return ""


@app.route("/admin/users/<int:number>/guarded", methods=["POST"])
@admin_required
# ok: python-admin-route-open
def remove_guarded(number):
    remove_user(number)
    return ""


@app.post("/admin/users/checked")
# ok: python-admin-route-open
def remove_checked():
    if not session.get("is_admin"):
        abort(403)
    remove_user(1)
    return ""


@app.post("/admin/users/own")
# ok: python-admin-route-open
def remove_own():
    if g.user is None:
        abort(401)
    remove_user(1)
    return ""


@app.get("/admin/about")
# ok: python-admin-route-open
def about():
    return "about"


@app.post("/orders/<int:number>")
# ok: python-admin-route-open
def order(number):
    return ""
