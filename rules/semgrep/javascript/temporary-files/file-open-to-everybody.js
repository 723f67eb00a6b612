const fs = require("fs");

// ruleid: javascript-file-open-to-everybody
fs.chmodSync("/srv/shop/run.sh", 0o777);
// ruleid: javascript-file-open-to-everybody
fs.writeFileSync("/srv/shop/state.json", "{}", { mode: 0o666 });
// ok: javascript-file-open-to-everybody
fs.writeFileSync("/srv/shop/key.json", "{}", { mode: 0o600 });
// ok: javascript-file-open-to-everybody
fs.chmodSync("/srv/shop/run.sh", 0o755);
