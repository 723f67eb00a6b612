'use strict';

const crypto = require('crypto');
const express = require('express');
const _ = require('lodash');
const { nanoid, customAlphabet } = require('nanoid');
const insecure = require('nanoid/non-secure');
const Chance = require('chance');
const seedrandom = require('seedrandom');

const app = express();
const chance = new Chance();
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

// case: vulnerable
function sessionToken() {
  return Math.random().toString(36).slice(2);
}

// case: safe (system's generator)
function sessionKey() {
  return crypto.randomBytes(32).toString('hex');
}

// case: vulnerable (loop over an alphabet)
function password(length = 12) {
  let text = '';
  for (let i = 0; i < length; i++) {
    text += LETTERS[Math.floor(Math.random() * LETTERS.length)];
  }
  return text;
}

// case: safe (the same loop with randomInt)
function passwordStrong(length = 12) {
  let text = '';
  for (let i = 0; i < length; i++) {
    text += LETTERS[crypto.randomInt(LETTERS.length)];
  }
  return text;
}

// case: safe (waiting time between attempts)
async function retry(action, attempt = 0) {
  try {
    return await action();
  } catch (error) {
    const delay = 2 ** attempt * 100 + Math.random() * 50;
    await new Promise((resolve) => setTimeout(resolve, delay));
    return retry(action, attempt + 1);
  }
}

// case: vulnerable (code for a second factor)
app.post('/otp', (req, res) => {
  const otp = Math.floor(100000 + Math.random() * 900000);
  app.locals.sms.send(req.user.phone, `Your code is ${otp}`);
  req.session.otp = otp;
  res.end();
});

// case: safe (code of the system's generator)
app.post('/otp/strong', (req, res) => {
  const otp = crypto.randomInt(100000, 1000000);
  app.locals.sms.send(req.user.phone, `Your code is ${otp}`);
  req.session.otp = otp;
  res.end();
});

// case: vulnerable (hashing it does not make it unpredictable)
app.post('/reset', async (req, res) => {
  const seed = String(Math.random()) + Date.now();
  const token = crypto.createHash('sha256').update(seed).digest('hex');
  await app.locals.mail.send(req.body.mail, `https://shop.example.com/reset/${token}`);
  res.end();
});

// case: safe (one log line out of a hundred)
app.use((req, res, next) => {
  if (Math.random() < 0.01) {
    console.info('sampled request', req.method);
  }
  next();
});

// case: vulnerable (lodash uses Math.random)
function voucher() {
  return _.sampleSize(LETTERS, 10).join('') + '-secret';
}

// case: safe (nanoid uses the system's generator)
function apiKey() {
  return 'key_' + nanoid(40);
}

// case: vulnerable (nanoid's variant that is not made for secrets)
function accessToken() {
  return insecure.nanoid(40);
}

// case: vulnerable (Chance)
function initialPassword(user) {
  user.password = chance.string({ length: 16 });
  return user;
}

// case: safe (colour of a slice)
function colour() {
  return `hsl(${Math.floor(Math.random() * 360)}, 70%, 50%)`;
}

// case: vulnerable (generator with a seed that everybody can guess)
function csrfToken() {
  const random = seedrandom(String(Date.now()));
  return random().toString(16).slice(2);
}

// case: safe (made by nanoid over our alphabet)
const inviteCode = customAlphabet(LETTERS, 20);
app.post('/invite', (req, res) => {
  res.json({ code: inviteCode(), position: Math.round(Math.random() * 10) });
});

module.exports = {
  app, sessionToken, sessionKey, password, passwordStrong, retry, voucher, apiKey, accessToken, initialPassword, colour, csrfToken,
};
