"""
Everything that knows SQL: tables, migrations, and one module of functions per aggregate.

Functions take a session and frozen values and give frozen values back; rows never leave this package. SQLite and
PostgreSQL behave alike here, and the whole suite runs on both.
"""
