import ast


def convert(text, scope):
    # ruleid: python-code-injection-formatted
    first = eval("float(" + text + ")")
    code = f"result = {text}"
    # ruleid: python-code-injection-formatted
    exec(code, scope)
    # ok: python-code-injection-formatted
    second = ast.literal_eval(text)
    # ok: python-code-injection-formatted
    third = eval("1 + 1")
    # ok: python-code-injection-formatted
    exec("result = " + repr(text), scope)
    return first, second, third


def run(code, scope):
    # ok: python-code-injection-formatted
    exec(code, scope)
