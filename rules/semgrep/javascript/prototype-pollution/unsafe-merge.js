function merge(target, source) {
  for (const key in source) {
    if (typeof source[key] === "object" && typeof target[key] === "object") {
      // ruleid: javascript-unsafe-merge
      merge(target[key], source[key]);
    } else {
      target[key] = source[key];
    }
  }
  return target;
}

function careful(target, source) {
  for (const key of Object.keys(source)) {
    if (key === "__proto__" || key === "constructor") {
      continue;
    }
    if (typeof source[key] === "object" && typeof target[key] === "object") {
      // ok: javascript-unsafe-merge
      careful(target[key], source[key]);
    } else {
      target[key] = source[key];
    }
  }
  return target;
}

module.exports = { merge, careful };
