from flask import Flask, g, request

from shop.models import Account, AccountSchema, Product

app = Flask(__name__)
FIELDS = ("name", "mail")


@app.post("/accounts")
def create():
    # ruleid: python-mass-assignment-request
    account = Account(**request.get_json())
    body = request.json
    # ruleid: python-mass-assignment-request
    Product.query.filter_by(id=1).update(body)
    for key, value in request.form.items():
        # ruleid: python-mass-assignment-request
        setattr(g.user, key, value)
    # ruleid: python-mass-assignment-request
    Product.objects.create(**request.form)
    return str(account)


@app.post("/accounts/well")
def create_well():
    body = request.get_json()
    # ok: python-mass-assignment-request
    account = Account(name=body["name"], mail=body.get("mail"))
    # ok: python-mass-assignment-request
    checked = AccountSchema(**body)
    known = {key: value for key, value in body.items() if key in FIELDS}
    # ok: python-mass-assignment-request
    Product.query.filter_by(id=1).update(known)
    for key in FIELDS:
        # ok: python-mass-assignment-request
        setattr(g.user, key, request.form.get(key))
    for key, value in body.items():
        if key not in FIELDS:
            continue
        # ok: python-mass-assignment-request
        setattr(g.user, key, value)
    return str([account, checked])
