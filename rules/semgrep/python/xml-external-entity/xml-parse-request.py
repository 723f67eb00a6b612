import xml.dom.minidom
import xml.etree.ElementTree as ET

import defusedxml.ElementTree
from flask import Flask, request

app = Flask(__name__)


@app.route("/import", methods=["POST"])
def load():
    # ruleid: python-xml-parse-request
    first = ET.fromstring(request.data)
    # ruleid: python-xml-parse-request
    second = xml.dom.minidom.parseString(request.get_data())
    # ok: python-xml-parse-request
    third = defusedxml.ElementTree.fromstring(request.data)
    # ok: python-xml-parse-request
    fourth = ET.parse("settings.xml")
    return str([first, second, third, fourth])
