const cors = require("cors");
const app = require("express")();

// ruleid: javascript-cors-any-origin
app.use(cors({ origin: true, credentials: true }));
// ok: javascript-cors-any-origin
app.use(cors({ origin: ["https://app.example.org"], credentials: true }));
// ok: javascript-cors-any-origin
app.use(cors());

app.use((req, res, next) => {
  // ruleid: javascript-cors-any-origin
  res.setHeader("Access-Control-Allow-Origin", req.headers.origin);
  // ok: javascript-cors-any-origin
  res.setHeader("Access-Control-Allow-Origin", "https://app.example.org");
  const origin = req.headers.origin;
  if (allowed.includes(origin)) {
    // ok: javascript-cors-any-origin
    res.setHeader("Access-Control-Allow-Origin", origin);
  }
  next();
});
