import { randomBytes, randomInt, randomUUID, webcrypto } from 'node:crypto';
import { random, shuffle } from 'lodash';
import { v4 as uuid } from 'uuid';
import { faker } from '@faker-js/faker';
import { MersenneTwister19937, string as randomString } from 'random-js';

const HEX = '0123456789abcdef';

function digit() {
  return Math.floor(Math.random() * 16);
}

function strongDigit() {
  return randomInt(16);
}

export class KeyService {
  // case: vulnerable (helper of this file draws the digits)
  apiSecret(account) {
    const digits = Array.from({ length: 32 }, () => HEX[digit()]);
    account.apiSecret = digits.join('');
    return account.apiSecret;
  }

  // case: safe (helper of this file with the system's generator)
  apiKey(account) {
    const digits = Array.from({ length: 32 }, () => HEX[strongDigit()]);
    account.apiSecret = digits.join('');
    return account.apiSecret;
  }

  // case: vulnerable (identifier of a session, pattern of a UUID)
  sessionId() {
    return 'xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx'.replace(/x/g, () => ((Math.random() * 16) | 0).toString(16));
  }

  // case: safe (UUID of Node core)
  session() {
    return randomUUID();
  }

  // case: safe (UUID of the module uuid, version 4)
  resetToken() {
    return uuid();
  }
}

// case: vulnerable (the time is no secret)
export function resetLink(account) {
  const token = Date.now().toString(36) + account.id + Math.random().toString(36).substring(7);
  return `https://www.example.com/reset?token=${token}`;
}

// case: vulnerable (lodash)
export function pinCode() {
  return String(random(0, 9999)).padStart(4, '0');
}

// case: safe (lodash for the order of teasers)
export function teasers(all) {
  return shuffle(all).slice(0, 3);
}

// case: vulnerable (faker is for samples, not for real accounts)
export async function provision(account, save) {
  account.password = faker.internet.password({ length: 20 });
  await save(account);
}

// case: vulnerable (key of a cipher; Next.js)
export default async function handler(req, res) {
  const key = new Uint8Array(32);
  for (let i = 0; i < key.length; i++) {
    key[i] = Math.random() * 256;
  }
  const secret = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  res.status(200).json({ usages: secret.usages });
}

// case: safe (key of a cipher, filled by the system)
export async function strongHandler(req, res) {
  const key = webcrypto.getRandomValues(new Uint8Array(32));
  const secret = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  res.status(200).json({ usages: secret.usages });
}

// case: vulnerable (secret that signs webhooks, letters sorted by chance)
export function webhookSecret() {
  const letters = HEX.split('').sort(() => 0.5 - Math.random());
  const secret = letters.join('');
  return secret;
}

// case: safe (secret of the system's generator)
export function webhookKey() {
  return randomBytes(16).toString('base64url');
}

// case: vulnerable (Mersenne Twister, seeded by the clock)
export function bearerToken() {
  const engine = MersenneTwister19937.seed(Date.now());
  return randomString()(engine, 48);
}

// case: safe (variant of a test with two pages)
export function variant() {
  return Math.random() < 0.5 ? 'a' : 'b';
}

// case: safe (key of a list element on screen)
export function listKey(title) {
  return title + '-' + Math.random().toString(36).slice(2, 8);
}

// case: safe (dice of a game)
export function roll(count) {
  return Array.from({ length: count }, () => 1 + Math.floor(Math.random() * 6));
}

// case: safe (the weak number only delays, the token is strong)
export async function ticket() {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  const token = randomBytes(24).toString('hex');
  return token;
}
