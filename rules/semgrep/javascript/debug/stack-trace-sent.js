const app = require("express")();

app.use((error, req, res, next) => {
  // ruleid: javascript-stack-trace-sent
  res.status(500).send(error.stack);
  // ruleid: javascript-stack-trace-sent
  res.json({ message: error.message, stack: error.stack });
  // ok: javascript-stack-trace-sent
  res.status(500).send("Something went wrong");
});
