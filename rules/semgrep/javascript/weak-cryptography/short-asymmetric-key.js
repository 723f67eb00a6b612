const crypto = require("crypto");

// ruleid: javascript-short-asymmetric-key
const short = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 });
// ok: javascript-short-asymmetric-key
const long = crypto.generateKeyPairSync("rsa", { modulusLength: 3072 });
// ok: javascript-short-asymmetric-key
const curve = crypto.generateKeyPairSync("ed25519");
// ruleid: javascript-short-asymmetric-key
const group = crypto.createDiffieHellman(512);

module.exports = { short, long, curve, group };
