const ldapEscape = require("ldap-escape");

function find(client, uid, done) {
  // ruleid: javascript-ldap-filter-dynamic
  client.search("dc=example,dc=org", { filter: "(uid=" + uid + ")", scope: "sub" }, done);
  // ok: javascript-ldap-filter-dynamic
  client.search("dc=example,dc=org", { filter: ldapEscape.filter`(uid=${uid})`, scope: "sub" }, done);
  // ok: javascript-ldap-filter-dynamic
  client.search("dc=example,dc=org", { filter: "(objectClass=person)", scope: "sub" }, done);
}

module.exports = { find };
