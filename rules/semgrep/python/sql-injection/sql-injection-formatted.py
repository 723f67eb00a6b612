import sqlite3
import sys


def find(cursor, name):
    # ruleid: python-sql-injection-formatted
    cursor.execute("SELECT * FROM users WHERE name = '" + name + "'")
    # ruleid: python-sql-injection-formatted
    cursor.execute("SELECT * FROM users WHERE name = '%s'" % name)
    # ruleid: python-sql-injection-formatted
    cursor.execute("DELETE FROM users WHERE name = '{}'".format(name))
    # ok: python-sql-injection-formatted
    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))


def rename(connection, old: str, number: int):
    # ruleid: python-sql-injection-formatted
    connection.execute(f"UPDATE users SET name = '{old}'")
    # ok: python-sql-injection-formatted
    connection.execute(f"UPDATE users SET age = {number}")
    # ok: python-sql-injection-formatted
    connection.execute(f"UPDATE users SET age = {int(old)}")


def count(connection, table):
    # ok: python-sql-injection-formatted
    connection.execute(f"SELECT COUNT(*) FROM {table}")


def main():
    connection = sqlite3.connect("x.db")
    # ruleid: python-sql-injection-formatted
    connection.execute("SELECT * FROM users WHERE name = '" + sys.argv[1] + "'")
