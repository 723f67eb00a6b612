import jwt


def read(token, key):
    # ruleid: python-jwt-not-verified
    first = jwt.decode(token, options={"verify_signature": False})
    # ruleid: python-jwt-not-verified
    second = jwt.decode(token, key, algorithms=["HS256", "none"])
    # ruleid: python-jwt-not-verified
    third = jwt.decode(token, verify=False)
    return first, second, third


def read_as_wanted(token, key):
    wanted = jwt.get_unverified_header(token)["alg"]
    # ruleid: python-jwt-not-verified
    return jwt.decode(token, key, algorithms=[wanted])


def read_well(token, key):
    # ok: python-jwt-not-verified
    first = jwt.decode(token, key, algorithms=["RS256"])
    # ok: python-jwt-not-verified
    second = jwt.get_unverified_header(token)
    return first, second


def read_twice(token, keys):
    # ok: python-jwt-not-verified
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    return jwt.decode(token, keys[issuer], algorithms=["RS256"])
