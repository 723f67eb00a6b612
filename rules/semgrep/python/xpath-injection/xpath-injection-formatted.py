def find(tree, name):
    # ruleid: python-xpath-injection-formatted
    first = tree.xpath("//user[@name='" + name + "']")
    expression = f"//user[@name='{name}']"
    # ruleid: python-xpath-injection-formatted
    second = tree.xpath(expression)
    # ok: python-xpath-injection-formatted
    third = tree.xpath("//user[@name=$name]", name=name)
    return first, second, third


def run(tree, expression, number: int):
    # ok: python-xpath-injection-formatted
    first = tree.xpath(expression)
    # ok: python-xpath-injection-formatted
    second = tree.xpath(f"//user[{number}]")
    return first, second
