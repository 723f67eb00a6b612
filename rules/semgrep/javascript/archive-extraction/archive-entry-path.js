const fs = require("fs");
const path = require("path");
const unzipper = require("unzipper");

stream.pipe(unzipper.Parse()).on("entry", (entry) => {
  // ruleid: javascript-archive-entry-path
  entry.pipe(fs.createWriteStream(path.join("out", entry.path)));
});

zip.getEntries().forEach((zipEntry) => {
  // ruleid: javascript-archive-entry-path
  fs.writeFileSync("out/" + zipEntry.entryName, zipEntry.getData());
  const target = path.resolve("out", zipEntry.entryName);
  if (!target.startsWith(path.resolve("out") + path.sep)) return;
  // ok: javascript-archive-entry-path
  fs.writeFileSync(target, zipEntry.getData());
  // ok: javascript-archive-entry-path
  fs.writeFileSync("out/fixed.txt", zipEntry.getData());
});
