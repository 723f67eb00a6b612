const crypto = require("crypto");

// ruleid: javascript-weak-hash
const first = crypto.createHash("md5").update("x").digest("hex");
// ruleid: javascript-weak-hash
const second = crypto.createHash("sha1");
// ok: javascript-weak-hash
const third = crypto.createHash("sha256");
