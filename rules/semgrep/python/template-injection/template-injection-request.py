from flask import Flask, render_template, render_template_string, request
from jinja2 import Environment, Template

app = Flask(__name__)
env = Environment(autoescape=True)


@app.route("/hello")
def hello():
    name = request.args.get("name")
    # ruleid: python-template-injection-request
    first = render_template_string("<h1>Hello " + name + "</h1>")
    # ruleid: python-template-injection-request
    second = Template(f"Hello {name}").render()
    # ruleid: python-template-injection-request
    third = env.from_string(request.form["template"]).render()
    # ok: python-template-injection-request
    fourth = render_template_string("<h1>Hello {{ name }}</h1>", name=name)
    # ok: python-template-injection-request
    fifth = render_template("hello.html", name=name)
    return first + second + third + fourth + fifth
