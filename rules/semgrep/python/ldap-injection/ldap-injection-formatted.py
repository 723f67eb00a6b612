import ldap3
from ldap3.utils.conv import escape_filter_chars


def find(connection, name):
    # ruleid: python-ldap-injection-formatted
    connection.search("dc=example", f"(uid={name})")
    wanted = "(uid=%s)" % name
    # ruleid: python-ldap-injection-formatted
    connection.search(search_base="dc=example", search_filter=wanted)
    # ok: python-ldap-injection-formatted
    connection.search("dc=example", f"(uid={escape_filter_chars(name)})")
    # ok: python-ldap-injection-formatted
    connection.search("dc=example", "(objectClass=person)", attributes=[name, ldap3.ALL_ATTRIBUTES])


def run(connection, wanted):
    # ok: python-ldap-injection-formatted
    connection.search("dc=example", wanted)
