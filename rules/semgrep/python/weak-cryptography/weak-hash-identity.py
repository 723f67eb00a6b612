import hashlib


def page(response, body):
    # ruleid: python-weak-hash-identity
    etag = hashlib.md5(body).hexdigest()
    # ruleid: python-weak-hash-identity
    response.set_etag(hashlib.sha1(body).hexdigest())
    # ok: python-weak-hash-identity
    other_etag = hashlib.sha256(body).hexdigest()
    # ok: python-weak-hash-identity
    signature = hashlib.sha512(body).hexdigest()
    return etag, other_etag, signature


def cache_key(parts):
    # ruleid: python-weak-hash-identity
    return hashlib.md5("/".join(parts).encode()).hexdigest()
