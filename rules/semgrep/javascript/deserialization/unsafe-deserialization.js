const serialize = require("node-serialize");
const yaml = require("js-yaml");
const app = require("express")();

app.post("/load", (req, res) => {
  // ruleid: javascript-unsafe-deserialization
  const first = serialize.unserialize(req.cookies.profile);
  // ruleid: javascript-unsafe-deserialization
  const second = yaml.load(req.body.text, { schema: yaml.DEFAULT_FULL_SCHEMA });
  // ok: javascript-unsafe-deserialization
  const third = JSON.parse(req.body.text);
  // ok: javascript-unsafe-deserialization
  const fourth = yaml.load(req.body.text);
  // ok: javascript-unsafe-deserialization
  const fifth = serialize.unserialize('{"a": 1}');
  res.json([first, second, third, fourth, fifth]);
});
