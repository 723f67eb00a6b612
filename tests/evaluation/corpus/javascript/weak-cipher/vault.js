'use strict';

const crypto = require('crypto');
const { createCipheriv, createDecipheriv, randomBytes } = require('crypto');
const CryptoJS = require('crypto-js');
const forge = require('node-forge');
const sodium = require('libsodium-wrappers');

const CIPHER = 'des-ede3-cbc';
const MODERN = 'aes-256-gcm';
const settings = { cipher: process.env.VAULT_CIPHER || 'aes-128-ecb', bits: 1024 };
const LEGACY = false;

// case: vulnerable
function lock(text, key) {
  const cipher = crypto.createCipheriv('des-cbc', key, randomBytes(8));
  return cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
}

// case: safe (authenticated mode, fresh nonce)
function lockModern(text, key) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

// case: vulnerable (ECB shows equal blocks)
function lockBlocks(text, key) {
  const cipher = createCipheriv('aes-256-ecb', key, null);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

// case: vulnerable (name in a constant: triple DES)
function lockOld(text, key, iv) {
  const cipher = createCipheriv(CIPHER, key, iv);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

// case: safe (name in a constant: AES-GCM)
function open(data, key) {
  const decipher = createDecipheriv(MODERN, key, data.subarray(0, 12));
  decipher.setAuthTag(data.subarray(12, 28));
  return Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]);
}

// case: vulnerable (default of the configuration)
function lockConfigured(text, key) {
  const cipher = crypto.createCipheriv(settings.cipher, key, '');
  return cipher.update(text, 'utf8', 'base64') + cipher.final('base64');
}

// case: vulnerable (RC4)
function stream(text, key) {
  return crypto.createCipheriv('rc4', key, '').update(text);
}

// case: safe (ChaCha20 with Poly1305)
function streamModern(text, key) {
  const nonce = randomBytes(12);
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return { nonce, body: Buffer.concat([cipher.update(text), cipher.final()]), tag: cipher.getAuthTag() };
}

// case: vulnerable (crypto-js, DES)
function note(text, passphrase) {
  return CryptoJS.DES.encrypt(text, passphrase).toString();
}

// case: vulnerable (crypto-js, AES in ECB)
function card(number, key) {
  const options = { mode: CryptoJS.mode.ECB, padding: CryptoJS.pad.Pkcs7 };
  return CryptoJS.AES.encrypt(number, key, options).toString();
}

// case: vulnerable (forge)
function lockForge(text, key, iv) {
  const cipher = forge.cipher.createCipher('3DES-CBC', key);
  cipher.start({ iv });
  cipher.update(forge.util.createBuffer(text));
  cipher.finish();
  return cipher.output.toHex();
}

// case: safe (forge with AES-GCM)
function lockForgeModern(text, key) {
  const cipher = forge.cipher.createCipher('AES-GCM', key);
  cipher.start({ iv: forge.random.getBytesSync(12), tagLength: 128 });
  cipher.update(forge.util.createBuffer(text));
  cipher.finish();
  return { body: cipher.output.toHex(), tag: cipher.mode.tag.toHex() };
}

// case: safe (constant condition never takes the old cipher)
function migrate(text, key) {
  const name = LEGACY ? 'bf-cbc' : 'aes-256-gcm';
  const cipher = createCipheriv(name, key, randomBytes(12));
  return [cipher.update(text, 'utf8', 'hex'), cipher.final('hex'), cipher.getAuthTag().toString('hex')].join('');
}

// case: safe (libsodium's box)
async function box(text, key) {
  await sodium.ready;
  const nonce = sodium.randombytes_buf(sodium.crypto_secretbox_NONCEBYTES);
  return { nonce, body: sodium.crypto_secretbox_easy(text, nonce, key) };
}

// case: vulnerable (key of 1024 bits)
function pair() {
  return crypto.generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 0x10001 });
}

// case: safe (key of 4096 bits)
function longPair() {
  return crypto.generateKeyPairSync('rsa', { modulusLength: 4096, publicExponent: 0x10001 });
}

module.exports = {
  lock, lockModern, lockBlocks, lockOld, open, lockConfigured, stream, streamModern, note, card, lockForge, lockForgeModern,
  migrate, box, pair, longPair,
};
