"""Mails and pages that are made of templates."""

from flask import Flask, render_template, render_template_string, request
from jinja2 import BaseLoader, Environment, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

app = Flask(__name__)
environment = Environment(loader=BaseLoader(), autoescape=True)
sandbox = ImmutableSandboxedEnvironment(autoescape=True)

GREETINGS = {"en": "Hello {{ name }}", "de": "Guten Tag {{ name }}"}


# case: vulnerable
@app.get("/greet")
def greet_atlas():
    return render_template_string("<h1>Hello " + request.args.get("name", "") + "</h1>")


# case: safe (the name is a value, the template is constant)
@app.get("/greet/agent")
def greet_agent():
    return render_template_string("<h1>Hello {{ name }}</h1>", name=request.args.get("name", ""))


# case: vulnerable (escaping for HTML leaves the curly brackets)
@app.post("/preview/agent")
def preview_agent():
    return environment.from_string(f"<p>{escape(request.form['text'])}</p>").render()


# case: safe (one of the templates above)
@app.get("/greet/<language>")
def greet_language(language):
    template = GREETINGS.get(language, GREETINGS["en"])
    return environment.from_string(template).render(name=request.args.get("name", ""))


# case: vulnerable (a newsletter's text in the body)
@app.post("/newsletter/kiosk")
def newsletter_kiosk():
    body = request.get_json()
    return Template(body["text"], autoescape=True).render(subscriber="Ada")


# case: safe (the sandbox is made for templates of strangers)
@app.post("/newsletter/atlas")
def newsletter_atlas():
    body = request.get_json()
    return sandbox.from_string(body["text"]).render(subscriber="Ada")


# case: safe (a template of the application)
@app.get("/about")
def about():
    return render_template("about.html", tab=request.args.get("tab"))
