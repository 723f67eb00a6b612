const app = require("express")();
const ldapEscape = require("ldap-escape");
const client = require("./directory");

app.post("/bind", (req, res) => {
  const name = "uid=" + req.body.user + ",dc=example,dc=org";
  // ruleid: javascript-ldap-name-request
  client.bind(name, req.body.password, () => res.end());
  const clean = ldapEscape.dn`uid=${req.body.user},dc=example,dc=org`;
  // ok: javascript-ldap-name-request
  client.bind(clean, req.body.password, () => res.end());
  // ok: javascript-ldap-name-request
  client.bind("cn=reader,dc=example,dc=org", process.env.LDAP_PASSWORD, () => res.end());
});
