const escapeHtml = require("escape-html");
const app = require("express")();

app.get("/hello", (req, res) => {
  const name = req.query.name;
  // ruleid: javascript-xss-response-request
  res.send("<h1>Hello " + name + "</h1>");
  // ruleid: javascript-xss-response-request
  res.write(`<p>${req.params.name}</p>`);
  // ruleid: javascript-xss-response-request
  res.status(404).send(`<p>No ${name}</p>`);
  // ruleid: javascript-xss-response-request
  res.send(req.query.name);
  // ok: javascript-xss-response-request
  res.send("<h1>Hello " + escapeHtml(name) + "</h1>");
  // ok: javascript-xss-response-request
  res.json({ name });
  // ok: javascript-xss-response-request
  res.send({ name });
  // ok: javascript-xss-response-request
  res.send("<h1>Hello</h1>");
  // ok: javascript-xss-response-request
  res.render("hello", { name });
  const trimmed = name.trim();
  // ruleid: javascript-xss-response-request
  res.send("<h1>Hello " + trimmed + "</h1>");
});

app.get("/users/:id", async (req, res) => {
  const user = await User.findById(req.params.id);
  // ok: javascript-xss-response-request
  res.send(user);
  const cached = cache.get(req.params.id);
  // ok: javascript-xss-response-request
  res.send(cached);
});
