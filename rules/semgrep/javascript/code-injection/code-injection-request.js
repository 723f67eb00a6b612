const vm = require("vm");
const app = require("express")();

app.get("/calc", (req, res) => {
  // ruleid: javascript-code-injection-request
  const first = eval(req.query.e);
  // ruleid: javascript-code-injection-request
  const second = new Function("a", "return " + req.query.e);
  // ruleid: javascript-code-injection-request
  vm.runInNewContext(req.body.script, {});
  // ruleid: javascript-code-injection-request
  const plugin = require("./plugins/" + req.params.name);
  // ok: javascript-code-injection-request
  const third = JSON.parse(req.body.text);
  // ok: javascript-code-injection-request
  const fourth = eval("1 + 1");
  // ok: javascript-code-injection-request
  setTimeout(() => res.json(req.query.e), 100);
  res.json({ first, second, third, fourth, plugin });
});
