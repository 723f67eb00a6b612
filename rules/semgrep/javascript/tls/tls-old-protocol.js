const https = require("https");
const tls = require("tls");

// ruleid: javascript-tls-old-protocol
https.createServer({ minVersion: "TLSv1" }, () => {});
// ruleid: javascript-tls-old-protocol
https.request({ host: "a.example.org", secureProtocol: "SSLv3_method" });
// ruleid: javascript-tls-old-protocol
tls.connect({ host: "a.example.org", ciphers: "RC4-SHA:DES-CBC3-SHA" });
// ok: javascript-tls-old-protocol
https.createServer({ minVersion: "TLSv1.2" }, () => {});
// ok: javascript-tls-old-protocol
tls.connect({ host: "a.example.org", ciphers: "ECDHE-RSA-AES256-GCM-SHA384:!RC4" });
