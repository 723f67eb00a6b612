const app = require("express")();
const LANGUAGES = ["en", "zh"];

app.post("/settings", (req, res) => {
  // ruleid: javascript-session-from-request
  req.session.role = req.body.role;
  // ruleid: javascript-session-from-request
  Object.assign(req.session, req.body);
  // ruleid: javascript-session-from-request
  req.session[req.body.flag] = "on";
  // ok: javascript-session-from-request
  req.session.rows = Number(req.query.rows);
  // ok: javascript-session-from-request
  req.session.returnTo = req.originalUrl;
  const language = req.body.language;
  if (!LANGUAGES.includes(language)) {
    return res.sendStatus(400);
  }
  // ok: javascript-session-from-request
  req.session.language = language;
  res.end();
});
