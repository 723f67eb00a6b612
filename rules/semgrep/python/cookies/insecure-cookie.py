from flask import Flask, make_response

app = Flask(__name__)
# ruleid: python-insecure-cookie
app.config["SESSION_COOKIE_SECURE"] = False
# ok: python-insecure-cookie
app.config["SESSION_COOKIE_HTTPONLY"] = True


@app.route("/")
def index():
    response = make_response("hi")
    # ruleid: python-insecure-cookie
    response.set_cookie("theme", "dark", secure=False)
    # ruleid: python-insecure-cookie
    response.set_cookie("session", "abc")
    # ok: python-insecure-cookie
    response.set_cookie("session", "abc", secure=True, httponly=True, samesite="Lax")
    # ok: python-insecure-cookie
    response.set_cookie("theme", "dark")
    return response
