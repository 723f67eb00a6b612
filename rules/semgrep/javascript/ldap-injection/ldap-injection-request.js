const ldap = require("ldapjs");
const ldapEscape = require("ldap-escape");
const app = require("express")();

app.get("/who", (req, res) => {
  const client = ldap.createClient({ url: "ldap://directory" });
  // ruleid: javascript-ldap-injection-request
  client.search("dc=example", { filter: `(uid=${req.query.name})`, scope: "sub" }, () => {});
  // ruleid: javascript-ldap-injection-request
  client.search("dc=example", { filter: "(uid=" + req.query.name + ")" }, () => {});
  // ok: javascript-ldap-injection-request
  client.search("dc=example", { filter: ldapEscape.filter`(uid=${req.query.name})` }, () => {});
  // ok: javascript-ldap-injection-request
  client.search("dc=example", { filter: "(objectClass=person)" }, () => res.end());
});
