const crypto = require("crypto");
const IV = Buffer.alloc(16);

function lock(text, key) {
  // ruleid: javascript-static-nonce
  const first = crypto.createCipheriv("aes-256-cbc", key, "0123456789abcdef");
  // ruleid: javascript-static-nonce
  const second = crypto.createCipheriv("aes-256-cbc", key, IV);
  const nonce = crypto.randomBytes(12);
  // ok: javascript-static-nonce
  const third = crypto.createCipheriv("aes-256-gcm", key, nonce);
  return [first, second, third].map((cipher) => cipher.update(text));
}

module.exports = { lock };
