const xpath = require("xpath");
const app = require("express")();

app.get("/find", (req, res) => {
  // ruleid: javascript-xpath-injection-request
  const first = xpath.select("//user[@name='" + req.query.name + "']", doc);
  // ruleid: javascript-xpath-injection-request
  const second = xpath.parse(`//user[@name='${req.query.name}']`);
  // ok: javascript-xpath-injection-request
  const third = xpath.parse("//user[@name=$name]").select({ node: doc, variables: { name: req.query.name } });
  // ok: javascript-xpath-injection-request
  const fourth = xpath.select("//user", doc);
  res.json([first, second, third, fourth]);
});
