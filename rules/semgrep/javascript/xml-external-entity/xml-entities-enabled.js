const libxmljs = require("libxmljs2");

function read(text) {
  // ruleid: javascript-xml-entities-enabled
  const first = libxmljs.parseXml(text, { noent: true, noblanks: true });
  // ok: javascript-xml-entities-enabled
  const second = libxmljs.parseXml(text);
  // ok: javascript-xml-entities-enabled
  const third = libxmljs.parseXml(text, { noent: false });
  return [first, second, third];
}
