const jwt = require("jsonwebtoken");

function read(token, key) {
  // ruleid: javascript-jwt-expiry-ignored
  const first = jwt.verify(token, key, { algorithms: ["RS256"], ignoreExpiration: true });
  // ok: javascript-jwt-expiry-ignored
  const second = jwt.verify(token, key, { algorithms: ["RS256"] });
  // ok: javascript-jwt-expiry-ignored
  const third = jwt.verify(token, key, { algorithms: ["RS256"], ignoreExpiration: false });
  return [first, second, third];
}

module.exports = { read };
