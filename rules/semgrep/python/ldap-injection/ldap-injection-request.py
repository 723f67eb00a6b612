import ldap
import ldap.filter
from flask import Flask, request
from ldap3 import Connection

app = Flask(__name__)


@app.route("/who")
def who():
    name = request.args["name"]
    directory = ldap.initialize("ldap://directory")
    # ruleid: python-ldap-injection-request
    found = directory.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(uid={name})")
    connection = Connection("directory")
    # ruleid: python-ldap-injection-request
    connection.search("dc=example", "(uid=" + name + ")")
    # ruleid: python-ldap-injection-request
    connection.search(search_base="dc=example", search_filter="(cn=%s)" % name)
    escaped = ldap.filter.escape_filter_chars(name)
    # ok: python-ldap-injection-request
    directory.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(uid={escaped})")
    # ok: python-ldap-injection-request
    connection.search("dc=example", "(objectClass=person)")
    return str(found)
