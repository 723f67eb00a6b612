const cors = require("cors");
const app = require("express")();

// ruleid: javascript-cors-null-or-wildcard
app.use("/a", cors({ origin: "*", methods: ["GET"] }));
// ok: javascript-cors-null-or-wildcard
app.use("/b", cors({ origin: "https://www.example.org" }));

app.use((req, res, next) => {
  // ruleid: javascript-cors-null-or-wildcard
  res.setHeader("Access-Control-Allow-Origin", "null");
  // ok: javascript-cors-null-or-wildcard
  res.setHeader("Access-Control-Allow-Origin", "https://www.example.org");
  next();
});
