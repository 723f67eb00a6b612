const csurf = require("csurf");
const lusca = require("lusca");
const app = require("express")();

// ruleid: javascript-csrf-check-off
app.use(csurf({ ignoreMethods: ["GET", "HEAD", "POST"] }));
// ok: javascript-csrf-check-off
app.use(csurf({ ignoreMethods: ["GET", "HEAD", "OPTIONS"] }));
// ok: javascript-csrf-check-off
app.use(csurf({ cookie: true }));
// ruleid: javascript-csrf-check-off
app.use(lusca({ csrf: false, nosniff: true }));
// ok: javascript-csrf-check-off
app.use(lusca({ csrf: true }));
