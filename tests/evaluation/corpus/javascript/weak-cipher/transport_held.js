import crypto, { constants, createCipheriv, generateKeyPair, publicEncrypt, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import CryptoJS from 'crypto-js';
import forge from 'node-forge';
import NodeRSA from 'node-rsa';

const makePair = promisify(generateKeyPair);
const SUITES = { partner: 'rc2-cbc', own: 'aes-256-gcm' };

export class TransportService {
  settings;
  algorithm = 'bf-cbc';
  mode = 'gcm';

  constructor(settings) {
    this.settings = settings;
  }

  // case: vulnerable (algorithm in a field)
  wrap(text, key) {
    const iv = randomBytes(8);
    const cipher = createCipheriv(this.algorithm, key, iv);
    return iv.toString('hex') + cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
  }

  // case: safe (name composed of two parts: aes-256-gcm)
  wrapComposed(text, key) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv(`aes-256-${this.mode}`, key, nonce);
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  // case: vulnerable (setting with a weak default)
  wrapConfigured(text, key) {
    const name = this.settings.get('TRANSPORT_CIPHER') ?? 'des-ecb';
    const cipher = createCipheriv(name, key, null);
    return Buffer.concat([cipher.update(text), cipher.final()]);
  }

  // case: vulnerable (entry of an object)
  wrapPartner(text, key, iv) {
    const cipher = createCipheriv(SUITES.partner, key, iv);
    return Buffer.concat([cipher.update(text), cipher.final()]);
  }

  // case: safe (the other entry)
  wrapOwn(text, key) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv(SUITES.own, key, nonce);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }
}

// case: vulnerable (RSA without padding)
export function hand(secret, key) {
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, secret);
}

// case: safe (RSA with OAEP and SHA-256)
export function handOver(secret, key) {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, secret);
}

// case: vulnerable (512 bits)
export async function session() {
  const bits = 512;
  return makePair('rsa', { modulusLength: bits });
}

// case: safe (elliptic curve)
export async function curve() {
  return makePair('ec', { namedCurve: 'P-256' });
}

// case: vulnerable (node-rsa with a short key)
export function issue() {
  const key = new NodeRSA({ b: 512 });
  return key.exportKey('pkcs8-public-pem');
}

// case: vulnerable (crypto-js, RC4)
export function hide(text) {
  return CryptoJS.RC4.encrypt(text, process.env.HIDE_KEY ?? '').toString();
}

// case: vulnerable (crypto-js, triple DES)
export function mask(text) {
  const key = CryptoJS.enc.Hex.parse(process.env.MASK_KEY ?? '');
  return CryptoJS.TripleDES.encrypt(text, key, { iv: CryptoJS.lib.WordArray.random(8) }).toString();
}

// case: vulnerable (forge, AES in ECB)
export function pack(text, key) {
  const cipher = forge.cipher.createCipher('AES-ECB', key);
  cipher.start({});
  cipher.update(forge.util.createBuffer(text));
  cipher.finish();
  return cipher.output.toHex();
}

// case: safe (Web Crypto, AES-GCM)
export async function seal(text, key) {
  const iv = crypto.webcrypto.getRandomValues(new Uint8Array(12));
  return crypto.webcrypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(text));
}

// case: safe (list of what is refused)
export function supported(name) {
  const refused = ['des', 'des-ede3', 'rc4', 'aes-128-ecb'];
  return !refused.includes(name.toLowerCase());
}

// case: safe (overwritten before use)
export function finalCipher(key) {
  let name = 'des-cbc';
  if (key.length !== 8) {
    name = 'aes-256-gcm';
  }
  name = 'aes-256-gcm';
  return createCipheriv(name, key, randomBytes(12));
}

// case: safe (3072 bits)
export async function lasting() {
  const options = { modulusLength: 3072, publicKeyEncoding: { type: 'spki', format: 'pem' } };
  return makePair('rsa', options);
}
