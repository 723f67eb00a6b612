"""A product catalogue that is kept in XML files."""

import html
import re
import xml.etree.ElementTree as ElementTree

import elementpath
from flask import Flask, abort, jsonify, request
from lxml import etree

app = Flask(__name__)

products = etree.parse("/srv/catalogue/products.xml")
users = etree.parse("/srv/catalogue/users.xml")
plain = ElementTree.parse("/srv/catalogue/plain.xml")

FIELDS = ("name", "price", "stock")


# case: vulnerable
@app.get("/product")
def product():
    found = products.xpath("//product[@sku='" + request.args["sku"] + "']")
    return jsonify(len(found))


# case: safe (a variable of the expression)
@app.get("/product/partner")
def product_partner():
    found = products.xpath("//product[@sku=$sku]", sku=request.args["sku"])
    return jsonify(len(found))


# case: vulnerable (a sign-in by expression)
@app.post("/signin")
def signin_weekly():
    name, password = request.form["name"], request.form["password"]
    found = users.xpath(f"//user[name/text()='{name}' and password/text()='{password}']")
    return jsonify(ok=bool(found))


# case: safe (variables again, on a compiled expression)
find_user = etree.XPath("//user[name/text()=$name and password/text()=$password]")


@app.post("/signin/depot")
def signin_depot():
    found = find_user(users, name=request.form["name"], password=request.form["password"])
    return jsonify(ok=bool(found))


# case: vulnerable (compiled from the request)
@app.get("/compiled/studio")
def compiled_studio():
    expression = etree.XPath("//product[contains(name, '%s')]" % request.args.get("word", ""))
    return jsonify(len(expression(products)))


# case: safe (a number)
@app.get("/position")
def position():
    number = int(request.args.get("n", "1"))
    return jsonify(products.xpath(f"string(//product[{number}]/name)"))


# case: vulnerable (single quotes are taken out, the expression has double ones)
@app.get("/vendor")
def vendor():
    name = request.args.get("name", "").replace("'", "")
    return jsonify(len(products.xpath('//product[vendor="' + name + '"]')))


# case: safe (whoever sends the quote is turned away)
@app.get("/vendor/agent")
def vendor_agent():
    name = request.args.get("name", "")
    if '"' in name:
        abort(400)
    return jsonify(len(products.xpath('//product[vendor="' + name + '"]')))


# case: vulnerable (the field's name is part of the expression)
@app.get("/field/<name>")
def field(name):
    return jsonify([str(text) for text in products.xpath("//product/{}/text()".format(name))])


# case: safe (the field's name is one of three)
@app.get("/known/<name>")
def known(name):
    if name not in FIELDS:
        abort(404)
    return jsonify([str(text) for text in products.xpath("//product/{}/text()".format(name))])


# case: vulnerable (ElementTree's own small language)
@app.get("/plain")
def plain_product_north():
    found = plain.getroot().findall(f".//product[@owner='{request.args['owner']}']")
    return jsonify([item.findtext("price") for item in found])


# case: safe (compared in Python)
@app.get("/plain/depot")
def plain_depot():
    owner = request.args["owner"]
    found = [item for item in plain.getroot().iter("product") if item.get("owner") == owner]
    return jsonify([item.findtext("price") for item in found])


# case: safe (words only)
@app.get("/word")
def word():
    value = re.sub(r"\W", "", request.args.get("word", ""))
    return jsonify(elementpath.select(plain.getroot(), ".//product[name='" + value + "']") != [])


# case: vulnerable (escaped for XML without quotes)
@app.get("/text/panel")
def text_panel():
    value = html.escape(request.args.get("word", ""), quote=False)
    return jsonify(elementpath.select(plain.getroot(), ".//product[name='" + value + "']") != [])
