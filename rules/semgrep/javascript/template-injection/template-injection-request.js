const ejs = require("ejs");
const nunjucks = require("nunjucks");
const app = require("express")();

app.get("/hello", (req, res) => {
  // ruleid: javascript-template-injection-request
  const first = ejs.render("Hello " + req.query.name);
  // ruleid: javascript-template-injection-request
  const second = nunjucks.renderString(`Hello ${req.query.name}`, {});
  // ok: javascript-template-injection-request
  const third = ejs.render("Hello <%= name %>", { name: req.query.name });
  // ok: javascript-template-injection-request
  res.render("hello", { name: req.query.name, first, second, third });
});
