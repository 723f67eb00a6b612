const fs = require("fs");
const os = require("os");
const path = require("path");
const crypto = require("crypto");

function save(text) {
  // ruleid: javascript-predictable-temporary-file
  fs.writeFileSync("/tmp/report.csv", text);
  const file = path.join(os.tmpdir(), "shop-" + process.pid + ".json");
  // ruleid: javascript-predictable-temporary-file
  fs.writeFileSync(file, text);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "report-"));
  // ok: javascript-predictable-temporary-file
  fs.writeFileSync(path.join(folder, "report.csv"), text);
  const name = path.join(os.tmpdir(), crypto.randomUUID() + ".txt");
  // ok: javascript-predictable-temporary-file
  fs.writeFileSync(name, text, { flag: "wx", mode: 0o600 });
  // ok: javascript-predictable-temporary-file
  fs.writeFileSync("/var/lib/shop/latest.txt", text);
  // ok: javascript-predictable-temporary-file
  return fs.readFileSync("/tmp/report.csv", "utf8");
}

module.exports = { save };
