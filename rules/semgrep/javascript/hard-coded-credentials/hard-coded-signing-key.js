const jwt = require("jsonwebtoken");
const session = require("express-session");
const app = require("express")();

// ruleid: javascript-hard-coded-signing-key
app.use(session({ secret: "s8d7f6g5h4j3", resave: false }));
// ok: javascript-hard-coded-signing-key
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, cookie: { secure: true } }));
// ruleid: javascript-hard-coded-signing-key
const first = jwt.sign({ id: 1 }, "s8d7f6g5h4j3");
// ok: javascript-hard-coded-signing-key
const second = jwt.sign({ id: 1 }, process.env.JWT_SECRET);
// ok: javascript-hard-coded-signing-key
const third = jwt.sign({ id: 1 }, "change-me");
