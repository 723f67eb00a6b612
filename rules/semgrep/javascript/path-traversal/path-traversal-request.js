const fs = require("fs");
const path = require("path");
const app = require("express")();

app.get("/file", (req, res) => {
  // ruleid: javascript-path-traversal-request
  const text = fs.readFileSync("/srv/files/" + req.query.name);
  // ruleid: javascript-path-traversal-request
  fs.createReadStream(path.join("/srv/files", req.params.name)).pipe(res);
  // ruleid: javascript-path-traversal-request
  res.sendFile(`/srv/files/${req.params.name}`);
  // ok: javascript-path-traversal-request
  res.sendFile(req.params.name, { root: "/srv/files" });
  // ok: javascript-path-traversal-request
  fs.readFileSync(path.join("/srv/files", path.basename(req.query.name)));
  // ok: javascript-path-traversal-request
  fs.readFileSync("/srv/files/readme.txt");
  const full = path.resolve("/srv/files", req.query.name);
  if (!full.startsWith("/srv/files/")) return res.status(400).end(text);
  // ok: javascript-path-traversal-request
  res.sendFile(full);
});
