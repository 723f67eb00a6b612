import ssl

import httpx
import requests


def call(url, context):
    # ruleid: python-tls-verification-off
    first = requests.get(url, verify=False, timeout=5)
    session = requests.Session()
    # ruleid: python-tls-verification-off
    session.verify = False
    # ruleid: python-tls-verification-off
    second = httpx.Client(verify=False)
    # ruleid: python-tls-verification-off
    context.verify_mode = ssl.CERT_NONE
    # ruleid: python-tls-verification-off
    context.check_hostname = False
    # ruleid: python-tls-verification-off
    third = ssl._create_unverified_context()
    # ok: python-tls-verification-off
    fourth = requests.get(url, verify="/etc/ssl/ca.pem", timeout=5)
    # ok: python-tls-verification-off
    fifth = ssl.create_default_context()
    return first, second, third, fourth, fifth
