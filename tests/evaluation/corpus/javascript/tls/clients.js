'use strict';

const https = require('https');
const tls = require('tls');
const fs = require('fs');
const axios = require('axios');
const nodemailer = require('nodemailer');
const { Client } = require('pg');
const request = require('request');

const authority = fs.readFileSync('/etc/ssl/company.pem');
const VERIFY = false;

// case: vulnerable
const loose = new https.Agent({ rejectUnauthorized: false });
const partner = axios.create({ baseURL: 'https://partner.example.com', httpsAgent: loose });

// case: safe (own authority instead)
const strict = new https.Agent({ ca: authority, rejectUnauthorized: true });
const supplier = axios.create({ baseURL: 'https://supplier.example.com', httpsAgent: strict });

// case: vulnerable (for the whole process)
function start() {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  return https.get('https://stock.example.com/');
}

// case: safe (own authority for the whole process, set outside)
function startStrict() {
  console.info('additional authorities', Boolean(process.env.NODE_EXTRA_CA_CERTS));
  return https.get('https://stock.example.com/');
}

// case: vulnerable (any host name will do)
function connect(host) {
  return tls.connect({ host, port: 443, ca: authority, checkServerIdentity: () => undefined });
}

// case: safe (host name is checked, and the fingerprint as well)
function connectPinned(host) {
  const checkServerIdentity = (name, certificate) => {
    const error = tls.checkServerIdentity(name, certificate);
    if (error) {
      return error;
    }
    return certificate.fingerprint256 === process.env.PIN ? undefined : new Error('other certificate');
  };
  return tls.connect({ host, port: 443, ca: authority, checkServerIdentity });
}

// case: vulnerable (old protocol)
function listen(key, cert) {
  return https.createServer({ key, cert, minVersion: 'TLSv1' }, (req, res) => res.end()).listen(8443);
}

// case: safe (current protocol)
function listenModern(key, cert) {
  return https.createServer({ key, cert, minVersion: 'TLSv1.2' }, (req, res) => res.end()).listen(8443);
}

// case: vulnerable (database, constant)
const client = new Client({ host: 'db.example.com', ssl: { rejectUnauthorized: VERIFY } });

// case: safe (database)
const replica = new Client({ host: 'db.example.com', ssl: { ca: authority.toString() } });

// case: vulnerable (mail)
const mailer = nodemailer.createTransport({ host: 'smtp.example.com', port: 465, secure: true, tls: { rejectUnauthorized: false } });

// case: vulnerable (module request)
function prices(done) {
  request({ url: 'https://prices.example.com/', strictSSL: false, json: true }, done);
}

module.exports = { partner, supplier, start, startStrict, connect, connectPinned, listen, listenModern, client, replica, mailer, prices };
