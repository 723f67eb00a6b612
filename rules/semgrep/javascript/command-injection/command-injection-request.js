const { exec, execFile, spawn } = require("child_process");
const cp = require("node:child_process");
const app = require("express")();

app.get("/ping", (req, res) => {
  const host = req.query.host;
  // ruleid: javascript-command-injection-request
  exec("ping -c 1 " + host, () => res.end());
  // ruleid: javascript-command-injection-request
  cp.execSync(`ping -c 1 ${req.body.host}`);
  // ruleid: javascript-command-injection-request
  spawn(req.params.program, ["-v"]);
  // ruleid: javascript-command-injection-request
  spawn("ping", ["-c", "1", host], { shell: true });
  // ok: javascript-command-injection-request
  execFile("ping", ["-c", "1", "--", host]);
  // ok: javascript-command-injection-request
  exec("uptime");
  // ok: javascript-command-injection-request
  exec(`ping -c ${Number(req.query.count)} localhost`);
  // ok: javascript-command-injection-request
  const match = /(\d+)/.exec(host);
  if (!["alpha", "beta"].includes(host)) {
    return res.status(400).end();
  }
  // ok: javascript-command-injection-request
  exec("ping " + host, () => res.end(match));
});
