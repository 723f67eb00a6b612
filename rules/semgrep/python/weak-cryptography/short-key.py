from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric import rsa

# ruleid: python-short-key
first = RSA.generate(1024)
# ruleid: python-short-key
second = rsa.generate_private_key(public_exponent=65537, key_size=1024)
# ok: python-short-key
third = RSA.generate(3072)
# ok: python-short-key
fourth = rsa.generate_private_key(public_exponent=65537, key_size=2048)
