'use strict';

const mysql = require('mysql2');
const { Client } = require('pg');
const nodemailer = require('nodemailer');
const axios = require('axios');
const jwt = require('jsonwebtoken');
const session = require('express-session');
const crypto = require('crypto');
const fs = require('fs');

const MIN_PASSWORD_LENGTH = 12;

// case: vulnerable
const database = mysql.createConnection({
  host: 'db.internal',
  user: 'shop',
  password: 'tr0mbone-Valley-93',
  database: 'shop',
});

// case: safe (from the environment)
const replica = mysql.createConnection({
  host: 'replica.internal',
  user: 'shop',
  password: process.env.REPLICA_PASSWORD,
  database: 'shop',
});

// case: vulnerable (in an address)
const reports = new Client('postgres://reports:Kestrel77harbour@reports.internal:5432/reports');

// case: safe (address without a password)
const metrics = new Client('postgres://metrics.internal:5432/metrics');

// case: vulnerable (signing key of tokens)
function issue(user) {
  return jwt.sign({ sub: user.id }, 'q7Lw-92kd-orchard-Xe', { algorithm: 'HS256', expiresIn: '1h' });
}

// case: safe (signing key from a mounted file)
function issueMounted(user) {
  const key = fs.readFileSync('/run/secrets/jwt', 'utf8').trim();
  return jwt.sign({ sub: user.id }, key, { algorithm: 'HS256', expiresIn: '1h' });
}

// case: vulnerable (fallback is used wherever nobody sets the variable)
const sessions = session({
  secret: process.env.SESSION_SECRET || 'blue-Teapot-4417-mango',
  resave: false,
  saveUninitialized: false,
});

// case: vulnerable (mail account)
const mailer = nodemailer.createTransport({ host: 'smtp.example.com', auth: { user: 'noreply', pass: 'Wint3r-gravel!81' } });

// case: safe (mail account from the environment)
const notifier = nodemailer.createTransport({
  host: 'smtp.example.com',
  auth: { user: process.env.SMTP_USER, pass: process.env.SMTP_PASS },
});

// case: vulnerable (key of a service in a header)
async function rates() {
  const answer = await axios.get('https://rates.example.com/v1', { headers: { Authorization: 'Bearer 8f3ad9e1c7b24f60a5d2e9' } });
  return answer.data;
}

// case: safe (words about passwords, none of them one)
const messages = {
  password: 'Password',
  passwordTooShort: `Use at least ${MIN_PASSWORD_LENGTH} characters`,
  forgotPassword: 'Forgot your password?',
};

// case: safe (made at the start, different each time)
const temporaryPassword = crypto.randomBytes(18).toString('base64url');

// case: safe (placeholder in the text of a help page)
const example = { user: 'YOUR_USER', password: '<your password>' };

module.exports = {
  database, replica, reports, metrics, issue, issueMounted, sessions, mailer, notifier, rates, messages, temporaryPassword, example,
};
