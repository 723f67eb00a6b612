"""The staff directory: sign-in, look-up and groups."""

import html
import re

import ldap
import ldap.dn
import ldap.filter
from flask import Flask, abort, jsonify, request
from ldap3 import ALL, MODIFY_REPLACE, SUBTREE, Connection, Server
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

app = Flask(__name__)
server = Server("ldaps://ldap.internal", get_info=ALL)

PEOPLE = "ou=people,dc=example,dc=com"
GROUPS = "ou=groups,dc=example,dc=com"
ROLES = {"admin": "cn=admins", "staff": "cn=staff"}


def bound():
    return Connection(server, auto_bind=True)


class Query:
    """Puts the parts of a filter together."""

    def __init__(self, attribute):
        self.attribute = attribute
        self.value = "*"

    def equals(self, value):
        self.value = value
        return self

    def build(self):
        return "(" + self.attribute + "=" + self.value + ")"


# case: vulnerable
@app.get("/people/south")
def people_south():
    connection = bound()
    connection.search(PEOPLE, "(uid=" + request.args["uid"] + ")", attributes=["cn", "mail"])
    return jsonify([str(entry) for entry in connection.entries])


# case: safe (escaped for a filter)
@app.get("/people/weekly")
def people_weekly():
    connection = bound()
    connection.search(PEOPLE, "(uid=" + escape_filter_chars(request.args["uid"]) + ")", attributes=["cn", "mail"])
    return jsonify([str(entry) for entry in connection.entries])


# case: vulnerable (two values, one of them escaped)
@app.post("/signin/branch")
def signin_branch():
    name = escape_filter_chars(request.form["name"])
    unit = request.form["unit"]
    connection = bound()
    found = connection.search(PEOPLE, f"(&(uid={name})(departmentNumber={unit}))", SUBTREE)
    return jsonify(found=found)


# case: safe (both escaped)
@app.post("/signin/unit")
def signin_unit():
    name, unit = (escape_filter_chars(request.form[key]) for key in ("name", "unit"))
    connection = bound()
    found = connection.search(PEOPLE, f"(&(uid={name})(departmentNumber={unit}))", SUBTREE)
    return jsonify(found=found)


# case: vulnerable (HTML escaping does not touch brackets and stars)
@app.get("/mail")
def mail_studio():
    address = html.escape(request.args.get("address", ""))
    connection = ldap.initialize("ldaps://ldap.internal")
    return jsonify(len(connection.search_s(PEOPLE, ldap.SCOPE_SUBTREE, "(mail=%s)" % address)))


# case: safe (filter_format escapes what it puts in)
@app.get("/mail/kiosk")
def mail_kiosk():
    wanted = ldap.filter.filter_format("(mail=%s)", [request.args.get("address", "")])
    connection = ldap.initialize("ldaps://ldap.internal")
    return jsonify(len(connection.search_s(PEOPLE, ldap.SCOPE_SUBTREE, wanted)))


# case: vulnerable (the base of the search)
@app.get("/group/<name>")
def group_partner(name):
    connection = bound()
    connection.search("cn=" + name + "," + GROUPS, "(objectClass=*)", attributes=["member"])
    return jsonify([str(entry) for entry in connection.entries])


# case: safe (escaped for a name)
@app.get("/group/<name>/members")
def group_members(name):
    connection = bound()
    connection.search("cn=" + escape_rdn(name) + "," + GROUPS, "(objectClass=*)", attributes=["member"])
    return jsonify([str(entry) for entry in connection.entries])


# case: safe (the role's name is a key of a table)
@app.get("/role")
def role():
    part = ROLES.get(request.args.get("role", ""), "cn=staff")
    connection = bound()
    connection.search(GROUPS, f"({part})", attributes=["member"])
    return jsonify([str(entry) for entry in connection.entries])


# case: vulnerable (a small builder of filters)
@app.get("/phone/south")
def phone_south():
    wanted = Query("telephoneNumber").equals(request.args.get("number", "")).build()
    connection = bound()
    connection.search(PEOPLE, wanted)
    return jsonify(len(connection.entries))


# case: safe (digits only)
@app.get("/extension")
def extension():
    number = request.args.get("number", "")
    if re.fullmatch(r"[0-9]{2,6}", number) is None:
        abort(400)
    wanted = Query("telephoneNumber").equals(number).build()
    connection = bound()
    connection.search(PEOPLE, wanted)
    return jsonify(len(connection.entries))


# case: vulnerable (only the star is taken out: `x)(uid=admin`)
@app.get("/title")
def title_office():
    value = request.args.get("title", "").replace("*", "")
    connection = bound()
    connection.search(search_base=PEOPLE, search_filter="(|(title={0})(cn={0}))".format(value))
    return jsonify(len(connection.entries))


# case: safe (the value is written as an attribute, it is no part of a filter or a name)
@app.post("/me/phone")
def my_phone():
    connection = bound()
    connection.modify("uid=me," + PEOPLE, {"telephoneNumber": [(MODIFY_REPLACE, [request.form["number"]])]})
    return "", 204
