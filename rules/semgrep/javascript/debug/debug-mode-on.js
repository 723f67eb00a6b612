const errorHandler = require("errorhandler");
const inspector = require("inspector");
const app = require("express")();

// ruleid: javascript-debug-mode-on
app.use(errorHandler());
if (process.env.NODE_ENV === "development") {
  // ok: javascript-debug-mode-on
  app.use(errorHandler());
}
// ruleid: javascript-debug-mode-on
inspector.open(9229, "0.0.0.0");
// ok: javascript-debug-mode-on
inspector.open(9229, "127.0.0.1");

app.get("/env", (req, res) => {
  // ruleid: javascript-debug-mode-on
  res.json(process.env);
  // ok: javascript-debug-mode-on
  res.json({ uptime: process.uptime() });
});
