import * as crypto from 'node:crypto';
import { createHash, createVerify, pbkdf2Sync, webcrypto } from 'node:crypto';
import { Md5 } from 'ts-md5';
import sha1 from 'js-sha1';
import { sha256 } from 'js-sha256';
import CryptoJS from 'crypto-js';

const DIGESTS = { low: 'md5', high: 'sha256' };
const FAST = false;

class Signer {
  static NAME = 'sha1';
  name = 'sha384';

  // case: vulnerable (algorithm in a static field)
  token(session) {
    return createHash(Signer.NAME).update(session).digest('hex');
  }

  // case: safe (algorithm in a field, SHA-384)
  digest(text) {
    return createHash(this.name).update(text).digest('hex');
  }
}

// case: vulnerable (MD4)
export function ntHash(password) {
  return crypto.createHash('md4').update(Buffer.from(password, 'utf16le')).digest('hex');
}

// case: vulnerable (entry of an object)
export function licence(customer) {
  return createHash(DIGESTS['low']).update('licence:' + customer).digest('hex');
}

// case: safe (the other entry of the object)
export function permit(customer) {
  return createHash(DIGESTS.high).update('permit:' + customer).digest('hex');
}

// case: vulnerable (Web Crypto)
export async function remember(password) {
  const bytes = new TextEncoder().encode(password);
  const digest = await webcrypto.subtle.digest('SHA-1', bytes);
  return Buffer.from(digest).toString('hex');
}

// case: safe (Web Crypto, SHA-512)
export async function seal(text) {
  const digest = await webcrypto.subtle.digest({ name: 'SHA-512' }, new TextEncoder().encode(text));
  return Buffer.from(digest).toString('hex');
}

// case: vulnerable (ts-md5 for a password)
export function enrol(user, password) {
  user.secret = Md5.hashStr(password);
}

// case: vulnerable (js-sha1, secret in front of the text instead of a keyed hash)
export function callbackSignature(body) {
  return sha1((process.env.CALLBACK_SECRET ?? '') + body);
}

// case: safe (js-sha256 with a key)
export function callbackTag(body) {
  return sha256.hmac(process.env.CALLBACK_SECRET ?? '', body);
}

// case: safe (constant condition takes the strong one)
export function choose(text) {
  const hash = FAST ? createHash('md5') : createHash('sha512');
  return hash.update(text).digest('hex');
}

// case: vulnerable (upper case and a hyphen make no difference)
export function receipt(text) {
  const name = 'RSA-' + 'MD5';
  return createHash(name).update(text).digest('base64url');
}

// case: vulnerable (verifies signatures over MD5)
export function genuine(text, key, signature) {
  const verifier = createVerify('RSA-MD5');
  verifier.update(text);
  return verifier.verify(key, signature);
}

// case: safe (verifies signatures over SHA-512)
export function authentic(text, key, signature) {
  return createVerify('RSA-SHA512').update(text).verify(key, signature);
}

// case: vulnerable (crypto-js, SHA-1 of a credential)
export function sessionTag(req, res) {
  res.json({ tag: CryptoJS.SHA1(String(req.headers.authorization)).toString() });
}

// case: safe (many rounds over SHA-512)
export function derive(password, salt) {
  return pbkdf2Sync(password, salt, 220_000, 32, 'sha512');
}

// case: safe (the picture service asks for exactly this; the address is no secret)
export function gravatar(mail) {
  const hash = createHash('md5').update(mail.trim().toLowerCase()).digest('hex');
  return `https://www.gravatar.com/avatar/${hash}?s=80`;
}

// case: safe (no hash: the word is the name of a column)
export function columns() {
  return ['name', 'md5', 'sha1', 'size'].map((column) => `files.${column}`);
}

// case: safe (reassigned before use)
export function finalDigest(text) {
  let name = 'md5';
  console.debug('was', name);
  name = 'sha3-256';
  return createHash(name).update(text).digest('hex');
}

export const signer = new Signer();
