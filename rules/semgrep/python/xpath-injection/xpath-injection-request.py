from flask import Flask, request
from lxml import etree

app = Flask(__name__)
tree = etree.parse("users.xml")


@app.route("/find")
def find():
    name = request.args["name"]
    # ruleid: python-xpath-injection-request
    found = tree.xpath("//user[@name='" + name + "']")
    # ruleid: python-xpath-injection-request
    more = tree.xpath(f"//user[@name='{name}']/email")
    # ok: python-xpath-injection-request
    safe = tree.xpath("//user[@name=$name]", name=name)
    # ok: python-xpath-injection-request
    constant = tree.xpath("//user")
    return str([found, more, safe, constant])
