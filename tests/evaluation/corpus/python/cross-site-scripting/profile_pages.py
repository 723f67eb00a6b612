"""Profile pages, search results and small fragments."""

import html
import json
import urllib.parse

import bleach
from flask import Flask, Response, jsonify, make_response, render_template, render_template_string, request
from jinja2 import Environment, select_autoescape
from markupsafe import Markup, escape

app = Flask(__name__)
bare = Environment()
escaping = Environment(autoescape=select_autoescape(default=True, default_for_string=True))


class Page:
    def __init__(self):
        self.parts = []

    def add(self, part):
        self.parts.append(part)
        return self

    def text(self):
        return "".join(self.parts)


# case: vulnerable
@app.route("/hello")
def hello_mobile():
    return "<h1>Hello " + request.args.get("name", "") + "</h1>"


# case: safe (escaped)
@app.route("/hello-again")
def hello_again():
    return f"<h1>Hello {escape(request.args.get('name', ''))}</h1>"


# case: vulnerable (Markup says that the text is safe, it does not make it so)
@app.route("/bio")
def bio():
    return render_template("bio.html", text=Markup(request.args.get("text", "")))


# case: safe (Markup's % escapes its arguments)
@app.route("/motto")
def motto():
    return str(Markup("<p class='motto'>%s</p>") % request.args.get("text", ""))


# case: safe (a browser does not read JSON as a page)
@app.route("/echo.json")
def echo_atlas():
    return jsonify(name=request.args.get("name"), length=len(request.args.get("name", "")))


# case: vulnerable (json.dumps leaves `</script>` alone)
@app.route("/settings/branch")
def settings_branch():
    state = json.dumps({"tab": request.args.get("tab", "general")})
    return "<script>const state = " + state + ";</script><div id='app'></div>"


# case: vulnerable (this environment does not escape)
@app.route("/card/kiosk")
def card_kiosk():
    return bare.from_string("<b>{{ name }}</b>").render(name=request.form.get("name"))


# case: safe (this one does)
@app.route("/badge")
def badge():
    return escaping.from_string("<b>{{ name }}</b>").render(name=request.form.get("name"))


# case: safe (Flask escapes what render_template_string is given as a value)
@app.route("/tag")
def tag():
    return render_template_string("<i>{{ tag }}</i>", tag=request.args.get("tag"))


# case: vulnerable (an attribute with an escaped, but unchecked address: `javascript:`)
@app.route("/link")
def link():
    address = html.escape(request.args.get("to", ""))
    return make_response(f'<a href="{address}">continue</a>')


# case: safe (plain text)
@app.route("/echo.txt")
def echo_text():
    return Response(request.get_data(as_text=True), content_type="text/plain; charset=utf-8")


# case: vulnerable (the second piece is the parameter)
@app.route("/banner/studio")
def banner_studio():
    page = Page().add("<div>").add(request.args.get("campaign", "")).add("</div>")
    return Response(page.text(), mimetype="text/html")


# case: safe (all the pieces are constants)
@app.route("/footer")
def footer():
    page = Page().add("<footer>").add("Imprint").add("</footer>")
    if request.args.get("wide"):
        page.add("<hr>")
    return Response(page.text(), mimetype="text/html")


# case: vulnerable (escaped for an address, then decoded again)
@app.route("/crumbs/<path:rest>")
def crumbs(rest):
    quoted = urllib.parse.quote(rest)
    return "<nav>" + urllib.parse.unquote(quoted) + "</nav>"


# case: safe (bleach keeps a few tags without attributes)
@app.route("/comment", methods=["POST"])
def comment():
    cleaned = bleach.clean(request.form["comment"], tags={"b", "i", "p"}, attributes={}, strip=True)
    return "<article>" + cleaned + "</article>"


# case: vulnerable (the names of the parameters)
@app.route("/debug/parameters")
def parameters():
    rows = []
    for name in request.args.keys():
        rows.append("<li>" + name + "</li>")
    return "<ul>" + "".join(rows) + "</ul>"


# case: safe (the names of the parameters, escaped)
@app.route("/debug/parameters/agent")
def parameters_agent():
    rows = []
    for name in request.args.keys():
        rows.append("<li>" + html.escape(name) + "</li>")
    return "<ul>" + "".join(rows) + "</ul>"
