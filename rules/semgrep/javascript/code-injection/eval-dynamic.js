function compute(text) {
  // ruleid: javascript-eval-dynamic
  return eval(text);
}

function compile(body) {
  // ruleid: javascript-eval-dynamic
  return new Function("x", "return " + body);
}

function fixed(x) {
  // ok: javascript-eval-dynamic
  const one = eval("1 + 1");
  // ok: javascript-eval-dynamic
  return one + JSON.parse(x);
}
