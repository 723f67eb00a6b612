const jwt = require("jsonwebtoken");

function read(token, key) {
  // ruleid: javascript-jwt-not-verified
  const first = jwt.verify(token, key, { algorithms: ["HS256", "none"] });
  // ruleid: javascript-jwt-not-verified
  const second = jwt.verify(token, null);
  // ruleid: javascript-jwt-not-verified
  const third = jwt.sign({ id: 1 }, key, { algorithm: "none" });
  // ok: javascript-jwt-not-verified
  const fourth = jwt.verify(token, key, { algorithms: ["RS256"] });
  return [first, second, third, fourth];
}
