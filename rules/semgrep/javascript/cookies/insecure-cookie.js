const session = require("express-session");
const app = require("express")();

// ruleid: javascript-insecure-cookie
app.use(session({ secret: process.env.S, cookie: { secure: false } }));
// ok: javascript-insecure-cookie
app.use(session({ secret: process.env.S, cookie: { secure: true, httpOnly: true } }));

app.get("/", (req, res) => {
  // ruleid: javascript-insecure-cookie
  res.cookie("theme", "dark", { httpOnly: false });
  // ruleid: javascript-insecure-cookie
  res.cookie("session", "abc");
  // ok: javascript-insecure-cookie
  res.cookie("session", "abc", { secure: true, httpOnly: true, sameSite: "lax" });
  // ok: javascript-insecure-cookie
  res.cookie("theme", "dark");
  res.end();
});
