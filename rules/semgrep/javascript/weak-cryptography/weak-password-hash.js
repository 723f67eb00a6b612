const crypto = require("crypto");
const bcrypt = require("bcrypt");

async function store(user, password, body) {
  // ruleid: javascript-weak-password-hash
  user.hash = crypto.createHash("sha256").update(password).digest("hex");
  // ruleid: javascript-weak-password-hash
  user.hash = crypto.createHash("md5").update(body.password + user.salt).digest("hex");
  // ok: javascript-weak-password-hash
  user.hash = await bcrypt.hash(password, 12);
  // ok: javascript-weak-password-hash
  user.tag = crypto.createHash("sha256").update(body.text).digest("hex");
}
