import os

import psycopg2
import redis
import requests

# ruleid: python-hard-coded-service-password
first = psycopg2.connect(host="db", user="app", password="Winter2024!")
# ruleid: python-hard-coded-service-password
second = redis.Redis(host="cache", password="Winter2024!")
# ruleid: python-hard-coded-service-password
third = requests.get("https://api.example.org", auth=("app", "Winter2024!"), timeout=5)
# ok: python-hard-coded-service-password
fourth = psycopg2.connect(host="db", user="app", password=os.environ["DB_PASSWORD"])
# ok: python-hard-coded-service-password
fifth = psycopg2.connect(host="db", user="app", password="")
