const jwt = require("jsonwebtoken");
const app = require("express")();

app.get("/me", (req, res) => {
  const token = req.headers.authorization.slice(7);
  // ruleid: javascript-jwt-decoded-only
  const first = jwt.decode(token);
  // ok: javascript-jwt-decoded-only
  const second = jwt.verify(token, process.env.KEY, { algorithms: ["HS256"] });
  // ok: javascript-jwt-decoded-only
  const third = jwt.decode(token, { complete: true });
  res.json([first, second, third]);
});
