const app = require("express")();
const serialize = require("serialize-javascript");

app.get("/state", (req, res) => {
  const state = JSON.stringify({ tab: req.query.tab });
  // ruleid: javascript-xss-script-context
  const page = `<script>window.state = ${state};</script>`;
  const id = escapeHtml(req.query.id);
  // ruleid: javascript-xss-script-context
  const button = `<button onclick="choose('${id}')">Choose</button>`;
  const clean = serialize({ tab: String(req.query.tab) });
  // ok: javascript-xss-script-context
  const other = `<script>window.state = ${clean};</script>`;
  // ok: javascript-xss-script-context
  const data = `<p data-id="${id}"></p>`;
  res.send(page + button + other + data);
});
