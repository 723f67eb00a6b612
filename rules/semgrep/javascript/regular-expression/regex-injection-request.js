const _ = require("lodash");
const app = require("express")();

app.get("/search", (req, res) => {
  // ruleid: javascript-regex-injection-request
  const first = new RegExp(req.query.q, "i");
  // ok: javascript-regex-injection-request
  const second = new RegExp(_.escapeRegExp(req.query.q), "i");
  // ok: javascript-regex-injection-request
  const third = new RegExp("^a+$");
  res.json([first, second, third].map(String));
});
