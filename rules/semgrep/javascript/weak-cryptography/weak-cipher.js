const crypto = require("crypto");

function encrypt(key, iv) {
  // ruleid: javascript-weak-cipher
  const first = crypto.createCipheriv("des-ede3-cbc", key, iv);
  // ruleid: javascript-weak-cipher
  const second = crypto.createCipheriv("aes-256-ecb", key, null);
  // ruleid: javascript-weak-cipher
  const third = crypto.createCipher("aes-256-cbc", key);
  // ok: javascript-weak-cipher
  const fourth = crypto.createCipheriv("aes-256-gcm", key, iv);
  return [first, second, third, fourth];
}
