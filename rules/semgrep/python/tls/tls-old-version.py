import ssl

# ruleid: python-tls-old-version
first = ssl.SSLContext(ssl.PROTOCOL_TLSv1)
context = ssl.create_default_context()
# ruleid: python-tls-old-version
context.minimum_version = ssl.TLSVersion.TLSv1_1
# ok: python-tls-old-version
context.minimum_version = ssl.TLSVersion.TLSv1_2
# ok: python-tls-old-version
second = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
