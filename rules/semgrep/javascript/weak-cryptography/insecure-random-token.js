const crypto = require("crypto");

// ruleid: javascript-insecure-random-token
const token = Math.random().toString(36).slice(2);

function makePassword() {
  // ruleid: javascript-insecure-random-token
  return Math.random().toString(36);
}

// ok: javascript-insecure-random-token
const delay = Math.random() * 100;
// ok: javascript-insecure-random-token
const resetToken = crypto.randomBytes(32).toString("hex");
