const app = require("express")();
const WORDS = /^(\w+\s?)*$/;
const CODE = /^\w{1,20}$/;

app.post("/text", (req, res) => {
  // ruleid: javascript-regex-catastrophic-request
  const words = WORDS.test(req.body.text);
  // ruleid: javascript-regex-catastrophic-request
  const letters = /^([a-z]+)+$/.test(req.body.letters);
  // ok: javascript-regex-catastrophic-request
  const code = CODE.test(req.body.code);
  res.json({ words, letters, code });
});
