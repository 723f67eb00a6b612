import jwt


def read(token, key):
    # ruleid: python-jwt-not-verified
    first = jwt.decode(token, options={"verify_signature": False})
    # ruleid: python-jwt-not-verified
    second = jwt.decode(token, key, algorithms=["HS256", "none"])
    # ruleid: python-jwt-not-verified
    third = jwt.decode(token, verify=False)
    # ok: python-jwt-not-verified
    fourth = jwt.decode(token, key, algorithms=["RS256"])
    # ok: python-jwt-not-verified
    fifth = jwt.get_unverified_header(token)
    return first, second, third, fourth, fifth
