"""Invoices and catalogues that partners send as XML."""

import io
import xml.sax
from xml.dom import minidom, pulldom
from xml.sax.handler import ContentHandler, feature_external_ges, feature_external_pes

import defusedxml.ElementTree
from flask import Flask, abort, jsonify, request
from lxml import etree

app = Flask(__name__)


class Counter(ContentHandler):
    def __init__(self):
        super().__init__()
        self.elements = 0
        self.text = []

    def startElement(self, name, attrs):
        self.elements += 1

    def characters(self, content):
        self.text.append(content)


def partner_parser():
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


# case: vulnerable
@app.post("/invoice")
def invoice():
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True)
    root = etree.fromstring(request.data, parser)
    return jsonify(number=root.findtext("number"))


# case: safe (entities are left alone)
@app.post("/invoice/mirror")
def invoice_mirror():
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(request.data, parser)
    return jsonify(number=root.findtext("number"))


# case: vulnerable (the network is allowed, and the document type is loaded from there)
@app.post("/catalogue/atlas")
def catalogue_atlas():
    parser = etree.XMLParser(load_dtd=True, no_network=False, resolve_entities=True)
    tree = etree.parse(io.BytesIO(request.files["catalogue"].read()), parser)
    return jsonify(products=len(tree.findall("product")))


# case: safe (defusedxml refuses entities)
@app.post("/catalogue/shift")
def catalogue_shift():
    root = defusedxml.ElementTree.fromstring(request.files["catalogue"].read())
    return jsonify(products=len(root.findall("product")))


# case: vulnerable (external general entities are switched on)
@app.post("/count/desk")
def count_desk():
    counter = Counter()
    reader = xml.sax.make_parser()
    reader.setFeature(feature_external_ges, True)
    reader.setContentHandler(counter)
    reader.parse(io.BytesIO(request.get_data()))
    return jsonify(elements=counter.elements, text="".join(counter.text))


# case: safe (and off)
@app.post("/count/depot")
def count_depot():
    counter = Counter()
    reader = xml.sax.make_parser()
    reader.setFeature(feature_external_ges, False)
    reader.setFeature(feature_external_pes, False)
    reader.setContentHandler(counter)
    reader.parse(io.BytesIO(request.get_data()))
    return jsonify(elements=counter.elements)


# case: vulnerable (minidom with a reader that follows entities)
@app.post("/names")
def names():
    reader = xml.sax.make_parser()
    reader.setFeature(feature_external_ges, 1)
    document = minidom.parseString(request.form["xml"], parser=reader)
    return jsonify([node.toxml() for node in document.getElementsByTagName("name")])


# case: safe (the parser is made by a helper of this file)
@app.post("/delivery")
def delivery():
    root = etree.fromstring(request.data, parser=partner_parser())
    return jsonify(root.tag)


# case: safe (a document type is refused before anything is parsed, and the parser resolves nothing)
@app.post("/order")
def order():
    if b"<!" in request.data:
        abort(400)
    return jsonify(etree.XML(request.data, partner_parser()).tag)


# case: vulnerable (the parser is made by a helper after it)
@app.post("/quote")
def quote():
    return jsonify(etree.XML(request.data, _parser()).findtext("price"))


def _parser():
    return etree.XMLParser(huge_tree=True, resolve_entities=True, no_network=False)


# case: safe (a document of the application, with the parser of a trusted source)
@app.get("/schema")
def schema():
    tree = etree.parse("/srv/schemas/invoice.xsd", etree.XMLParser(resolve_entities=True))
    return jsonify(root=tree.getroot().tag, asked=request.args.get("version"))


# case: vulnerable (pulldom hands the reader on)
@app.post("/pull/desk")
def pull_desk():
    reader = xml.sax.make_parser()
    reader.setFeature("http://xml.org/sax/features/external-general-entities", True)
    events = pulldom.parse(io.BytesIO(request.data), parser=reader)
    return jsonify([node.nodeName for _, node in events if hasattr(node, "nodeName")])
