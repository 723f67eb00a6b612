const fs = require("fs");
const app = require("express")();
const logger = require("./logger");

app.post("/login", (req, res) => {
  // ruleid: javascript-log-injection-request
  logger.info("login of " + req.body.user);
  // ruleid: javascript-log-injection-request
  console.log(`visit from ${req.query.campaign}`);
  // ruleid: javascript-log-injection-request
  fs.appendFileSync("/var/log/shop.log", `login ${req.body.user}\n`);
  // ok: javascript-log-injection-request
  logger.info({ user: req.body.user }, "login");
  // ok: javascript-log-injection-request
  console.log("login of " + JSON.stringify(req.body.user));
  // ok: javascript-log-injection-request
  logger.info("login of " + String(req.body.user).replace(/[\r\n]/g, " "));
  // ok: javascript-log-injection-request
  console.log("page " + Number(req.query.page));
  res.end();
});
