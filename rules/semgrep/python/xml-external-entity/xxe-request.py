import io
import xml.sax
from xml.dom import minidom
from xml.sax.handler import feature_external_ges

from flask import Flask, request
from lxml import etree

app = Flask(__name__)


@app.post("/order")
def order():
    parser = etree.XMLParser(resolve_entities=True)
    # ruleid: python-xxe-request
    first = etree.fromstring(request.data, parser)
    # ruleid: python-xxe-request
    second = etree.parse(io.BytesIO(request.get_data()), etree.XMLParser(load_dtd=True))
    reader = xml.sax.make_parser()
    reader.setFeature(feature_external_ges, True)
    # ruleid: python-xxe-request
    third = minidom.parseString(request.form["xml"], parser=reader)
    # ruleid: python-xxe-request
    reader.parse(io.BytesIO(request.data))
    return str([first, second, third])


@app.post("/order/well")
def order_well():
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    # ok: python-xxe-request
    first = etree.fromstring(request.data, parser)
    reader = xml.sax.make_parser()
    reader.setFeature(feature_external_ges, False)
    # ok: python-xxe-request
    reader.parse(io.BytesIO(request.data))
    trusting = etree.XMLParser(resolve_entities=True)
    # ok: python-xxe-request
    third = etree.parse("/srv/schemas/order.xsd", trusting)
    body = request.get_data()
    if b"<!" in body:
        return "no document types", 400
    # ok: python-xxe-request
    fourth = etree.fromstring(body, trusting)
    return str([first, third, fourth])
