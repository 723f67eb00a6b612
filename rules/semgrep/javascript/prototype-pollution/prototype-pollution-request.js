const _ = require("lodash");
const app = require("express")();
const settings = {};

app.post("/settings", (req, res) => {
  // ruleid: javascript-prototype-pollution-request
  _.merge(settings, req.body);
  // ruleid: javascript-prototype-pollution-request
  _.set(settings, req.body.key, 1);
  // ruleid: javascript-prototype-pollution-request
  settings[req.body.section][req.body.key] = req.body.value;
  // ok: javascript-prototype-pollution-request
  const copy = Object.assign({}, req.body);
  // ok: javascript-prototype-pollution-request
  _.merge(settings, { theme: "dark" });
  // ok: javascript-prototype-pollution-request
  _.set(settings, "theme", req.body.theme);
  res.json(copy);
});
