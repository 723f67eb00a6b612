'use strict';

const crypto = require('crypto');
const { createHash, createHmac, scryptSync } = require('crypto');
const bcrypt = require('bcrypt');
const argon2 = require('argon2');
const CryptoJS = require('crypto-js');
const md5 = require('md5');
const forge = require('node-forge');
const express = require('express');

const ALGORITHM = 'md5';
const STRONG = 'sha512';
const config = { digest: process.env.DIGEST || 'sha1', signature: 'RSA-SHA256' };
const app = express();

// case: vulnerable
function store(user, password) {
  user.password = crypto.createHash('md5').update(password).digest('hex');
  return user.save();
}

// case: safe (made for passwords)
async function storeSlowly(user, password) {
  user.password = await bcrypt.hash(password, 12);
  return user.save();
}

// case: vulnerable (salt does not help a hash that is fast and broken)
function storeSalted(user, password) {
  const hash = createHash('sha1');
  hash.update(user.salt);
  hash.update(password);
  user.password = hash.digest('base64');
  return user.save();
}

// case: vulnerable (name of the algorithm in a constant)
function resetKey(user) {
  return createHash(ALGORITHM).update(user.mail + user.password).digest('hex');
}

// case: safe (keyed, SHA-256)
function resetTag(user) {
  return createHmac('sha256', process.env.RESET_KEY).update(user.mail).digest('hex');
}

// case: safe (name of a strong algorithm in a constant)
function contract(text) {
  return createHash(STRONG).update(text).digest('hex');
}

// case: vulnerable (default of the configuration is SHA-1)
function fingerprintOfContract(text) {
  return crypto.createHash(config.digest).update(text).digest('hex');
}

// case: vulnerable (crypto-js)
function pin(card) {
  return CryptoJS.MD5(card.pin + card.number).toString();
}

// case: safe (crypto-js with SHA-256 over a document)
function documentDigest(text) {
  return CryptoJS.SHA256(text).toString(CryptoJS.enc.Hex);
}

// case: vulnerable (module md5, comparison at login)
app.post('/login', async (req, res) => {
  const user = await app.locals.users.find(req.body.name);
  const same = user && user.password === md5(req.body.password);
  res.sendStatus(same ? 204 : 401);
});

// case: safe (key derivation of Node core)
function verify(user, password) {
  const derived = scryptSync(password, Buffer.from(user.salt, 'hex'), 64);
  return crypto.timingSafeEqual(derived, Buffer.from(user.password, 'hex'));
}

// case: vulnerable (signature over SHA-1)
function sign(text, key) {
  const signer = crypto.createSign('RSA-SHA1');
  signer.update(text);
  return signer.sign(key, 'hex');
}

// case: safe (signature's algorithm from the configuration, SHA-256)
function signStrong(text, key) {
  return crypto.createSign(config.signature).update(text).sign(key, 'hex');
}

// case: vulnerable (forge)
function pinForge(password) {
  const digest = forge.md.sha1.create();
  digest.update(password);
  return digest.digest().toHex();
}

// case: safe (argon2)
async function change(user, password) {
  user.password = await argon2.hash(password, { type: argon2.argon2id });
}

// case: safe (the tag only tells a browser's copy from ours; nobody gains by a collision)
app.get('/terms', (req, res) => {
  const page = app.locals.terms;
  const etag = '"' + createHash('md5').update(page).digest('hex') + '"';
  res.set('ETag', etag);
  if (req.get('If-None-Match') === etag) {
    return res.sendStatus(304);
  }
  res.send(page);
});

// case: safe (weak name only in a message)
function refuse(name) {
  throw new Error('algorithm md5 or sha1 is no longer taken: ' + String(name));
}

module.exports = {
  app, store, storeSlowly, storeSalted, resetKey, resetTag, contract, fingerprintOfContract, pin, documentDigest, verify,
  sign, signStrong, pinForge, change, refuse,
};
