import random
import secrets


def reset(user):
    # ruleid: python-insecure-random-token
    token = "".join(random.choice("abc") for _ in range(32))
    # ruleid: python-insecure-random-token
    user.reset_token = str(random.randint(100000, 999999))
    # ok: python-insecure-random-token
    delay = random.uniform(0, 1)
    # ok: python-insecure-random-token
    safe_token = secrets.token_urlsafe(32)
    return token, delay, safe_token


def make_password():
    # ruleid: python-insecure-random-token
    return "".join(random.choices("abcdef", k=8))


def strong_password():
    generator = random.SystemRandom()
    # ok: python-insecure-random-token
    return "".join(generator.choice("abcdef") for _ in range(20))
