function set(object, path, value) {
  const keys = path.split(".");
  let node = object;
  for (let i = 0; i < keys.length - 1; i++) {
    // ruleid: javascript-unsafe-path-walk
    node = node[keys[i]];
  }
  node[keys[keys.length - 1]] = value;
}

function setSafely(object, path, value) {
  const keys = path.split(".");
  let node = object;
  for (const key of keys.slice(0, -1)) {
    if (key === "__proto__" || key === "constructor") {
      return;
    }
    // ok: javascript-unsafe-path-walk
    node = node[key];
  }
  node[keys[keys.length - 1]] = value;
}

function get(object, path) {
  let node = object;
  for (const key of path.split(".")) {
    // ok: javascript-unsafe-path-walk
    node = node[key];
  }
  return node;
}

module.exports = { set, setSafely, get };
