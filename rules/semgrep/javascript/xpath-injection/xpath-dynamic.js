const xpath = require("xpath");

function find(document, name) {
  // ruleid: javascript-xpath-dynamic
  const first = xpath.select("//user[@name='" + name + "']", document);
  // ok: javascript-xpath-dynamic
  const second = xpath.parse("//user[@name=$name]").select({ node: document, variables: { name } });
  // ok: javascript-xpath-dynamic
  const third = xpath.select("//user", document);
  return [first, second, third];
}

module.exports = { find };
