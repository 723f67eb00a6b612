def f1():
    p = request.args.get("x")
    num = 86
    if 7 * 42 - num > 200:
        bar = 'x'
    else:
        bar = p
    sink(bar)  # inert

def f2():
    p = request.args.get("x")
    m = {}
    m['a'] = 'x'
    m['b'] = p
    bar = m['a']
    sink(bar)  # inert

def f3():
    p = request.args.get("x")
    m = {}
    m['a'] = 'x'
    m['b'] = p
    bar = m['b']
    sink(bar)  # reached

def helper(v):
    return "const"
def helper2(v):
    return v
def f4():
    p = request.args.get("x")
    sink(helper(p))  # inert

def f5():
    p = request.args.get("x")
    sink(helper2(p))  # reached

def run(q):
    sink(q)  # reached
def f6():
    p = request.args.get("x")
    run(p)

def f7():
    p = request.args.get("x")
    l = []
    l.append("safe")
    l.append(p)
    l.append("y")
    l.pop(0)
    sink(l[1])  # inert
def f8():
    p = request.args.get("x")
    l = []
    l.append("safe")
    l.append(p)
    sink(l[1])  # reached
def f9():
    p = request.args.get("x")
    num = 106
    bar = "a" if 7 * 18 + num > 200 else p
    sink(bar)  # inert
def f10():
    p = request.args.get("x")
    num = 86
    if 7 * 42 - num > 200:
        bar = p
    else:
        bar = 'x'
    sink(bar)  # reached

import html, configparser
def f(request):
    p = request.args.get("x")
    conf = configparser.ConfigParser()
    conf.add_section('s')
    conf.set('s','a','v')
    conf.set('s','b',p)
    sink(conf.get('s','a'))  # inert
    sink(conf.get('s','b'))  # reached
    poss = "ABC"
    g = poss[1]
    match g:
        case 'A':
            bar = p
        case 'B':
            bar = 'bob'
        case 'C' | 'D':
            bar = p
        case _:
            bar = 'x'
    sink(bar)  # inert
    sink(f"select {bar}")  # inert
    sink(f"select {p}")  # reached
    sink("a %s" % bar)  # inert
    sink("a {}".format(p))  # reached
    sink(clean(p))  # inert
    sink(html.escape(p))  # inert
    sink(ident(p))  # reached
    x = 'const'
    for k in request.form.keys():
        x = k
    sink(x)  # reached
    y = 'z'
    while False:
        y = p
    sink(y)  # inert
    try:
        z = 'a'
        z = int(p)
        q = p
    except ValueError:
        q = 'x'
    sink(q)  # reached
    d = {'a': p, 'b': 'c'}
    sink(d['b'])  # inert
    sink(d['a'])  # reached
    e = dict(d)
    e['b'] = p
    sink(d['b'])  # inert
    sink(e['b'])  # reached
    unknown(d)
    sink(d['b'])  # reached
    t, u = ('a', p)
    sink(t)  # inert
    sink(u)  # reached
    if p not in ('a', 'b'):
        return
    sink(p)  # inert
class A:
    def go(self, p):
        sink(self.fix(p))  # inert
        sink(self.same(p))  # reached
        sink(self.x)  # reached
        acc = []
        for i in range(3):
            acc.append(p)
        sink(acc[0])  # reached
        sink([c for c in acc])  # reached
        sink(["a", "b"])  # inert
        n = 0
        while n < 5:
            n += 1
        sink(n)  # inert
    def fix(self, p):
        return "x"
    def same(self, p):
        if p:
            return p
        return ""
def clean(v):
    v = v.strip()
    return html.escape(v)
def ident(v):
    w = [v]
    return w[0]
def after(request):
    b = request.x
    raise ValueError
    sink(b)  # inert
def g2(request):
    b = "x"
    def inner():
        nonlocal b
        b = request.x
    inner()
    sink(b)  # reached
