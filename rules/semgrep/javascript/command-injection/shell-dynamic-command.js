const { exec, execFile } = require("child_process");
const cp = require("child_process");

function unpack(name) {
  // ruleid: javascript-shell-dynamic-command
  exec("tar -xf " + name);
  // ruleid: javascript-shell-dynamic-command
  cp.execSync(`tar -xf ${name}`);
  // ok: javascript-shell-dynamic-command
  execFile("tar", ["-xf", name]);
  // ok: javascript-shell-dynamic-command
  exec("tar --version");
}

const run = (command) => {
  // ok: javascript-shell-dynamic-command
  exec(command);
};
