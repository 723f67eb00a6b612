import hashlib

# ruleid: python-weak-hash
first = hashlib.md5(b"x").hexdigest()
# ruleid: python-weak-hash
second = hashlib.sha1(b"x").hexdigest()
# ruleid: python-weak-hash
third = hashlib.new("md5", b"x")
# ok: python-weak-hash
fourth = hashlib.sha256(b"x").hexdigest()
# ok: python-weak-hash
fifth = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
# ok: python-weak-hash
sixth = hashlib.new("sha256", b"x")
