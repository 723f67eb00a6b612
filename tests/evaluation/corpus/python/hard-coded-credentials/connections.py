"""Connections to the databases and services of the shop."""

import getpass
import os
import smtplib

import psycopg
import pymysql
import requests
from flask import Flask

app = Flask(__name__)


# case: vulnerable
def orders():
    return psycopg.connect(host="db.internal", dbname="orders", user="shop", password="vK7#qTz9!rLm")


# case: safe (from the environment)
def customers():
    return psycopg.connect(host="db.internal", dbname="customers", user="shop", password=os.environ["DB_PASSWORD"])


# case: vulnerable (in a constant)
MYSQL_PASSWORD = "Wint3r-Moo5e-88"


def stock():
    return pymysql.connect(host="stock.internal", user="stock", password=MYSQL_PASSWORD)


# case: safe (asked of the person)
def report():
    password = getpass.getpass("Password of the report database: ")
    return pymysql.connect(host="report.internal", user="report", password=password)


# case: vulnerable (sessions are signed with it)
app.config["SECRET_KEY"] = "p9f3-aZZ1-0xT7-kkQe-55bN"


# case: safe (names of fields and of variables are no passwords)
PASSWORD_FIELD = "password"
TOKEN_HEADER = "X-Auth-Token"
ENV_PASSWORD = "MYSQL_PASSWORD"
PASSWORD_LABEL = "Your password"


# case: vulnerable (basic authentication)
def prices_branch():
    return requests.get("https://prices.internal/all", auth=("importer", "h8Ls0-pQw2xY"), timeout=5).json()


# case: safe (an empty one means that there is none)
def relay(password=""):
    client = smtplib.SMTP_SSL("mail.internal")
    if password:
        client.login("shop", password)
    return client
