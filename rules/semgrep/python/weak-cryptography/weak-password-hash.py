import hashlib

import bcrypt


def store(user, password, document):
    # ruleid: python-weak-password-hash
    user.hash = hashlib.md5(password.encode()).hexdigest()
    # ruleid: python-weak-password-hash
    user.hash = hashlib.sha256(user.password).hexdigest()
    # ruleid: python-weak-password-hash
    user.hash = hashlib.new("sha1", password.encode()).hexdigest()
    # ok: python-weak-password-hash
    user.hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
    # ok: python-weak-password-hash
    document.tag = hashlib.sha256(document.body).hexdigest()
    # ok: python-weak-password-hash
    user.hash = hashlib.scrypt(password.encode(), salt=b"x" * 16, n=16384, r=8, p=1)
