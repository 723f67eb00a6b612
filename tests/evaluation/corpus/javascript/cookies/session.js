'use strict';

const express = require('express');
const session = require('express-session');
const cookieSession = require('cookie-session');
const cookie = require('cookie');
const crypto = require('crypto');
const http = require('http');

const app = express();
const STRICT = { httpOnly: true, secure: true, sameSite: 'strict' };
const OPEN = { httpOnly: false, secure: false };
const IN_PRODUCTION = true;

// case: vulnerable (no attributes at all)
app.post('/login', (req, res) => {
  const sid = crypto.randomUUID();
  res.cookie('sid', sid);
  res.redirect('/');
});

// case: safe (all attributes)
app.post('/login/strict', (req, res) => {
  const sid = crypto.randomUUID();
  res.cookie('sid', sid, { httpOnly: true, secure: true, sameSite: 'lax' });
  res.redirect('/');
});

// case: vulnerable (scripts can read it)
app.post('/token', (req, res) => {
  res.cookie('access_token', req.app.locals.issue(req.user), { secure: true, httpOnly: false });
  res.end();
});

// case: vulnerable (goes over plain HTTP)
app.post('/token/plain', (req, res) => {
  res.cookie('access_token', req.app.locals.issue(req.user), { httpOnly: true, secure: false });
  res.end();
});

// case: safe (options in a constant)
app.post('/refresh', (req, res) => {
  res.cookie('refresh_token', req.app.locals.issue(req.user), STRICT);
  res.end();
});

// case: vulnerable (options in a constant)
app.post('/renew', (req, res) => {
  res.cookie('refresh_token', req.app.locals.issue(req.user), OPEN);
  res.end();
});

// case: vulnerable (session middleware)
app.use('/a', session({
  secret: process.env.SESSION_SECRET,
  resave: false,
  saveUninitialized: false,
  cookie: { secure: false, maxAge: 3600000 },
}));

// case: safe (session middleware, httpOnly is its default)
app.use('/b', session({
  secret: process.env.SESSION_SECRET,
  resave: false,
  saveUninitialized: false,
  cookie: { secure: true, httpOnly: true, sameSite: 'lax' },
}));

// case: vulnerable (cookie-session readable by scripts)
app.use('/c', cookieSession({ name: 'basket', keys: [process.env.COOKIE_KEY], httpOnly: false, secure: true }));

// case: safe (cookie-session)
app.use('/d', cookieSession({ name: 'basket', keys: [process.env.COOKIE_KEY], httpOnly: true, secure: true }));

// case: vulnerable (header written by hand, Node core)
http.createServer((req, res) => {
  res.setHeader('Set-Cookie', 'session=' + crypto.randomUUID() + '; Path=/');
  res.end();
}).listen(3010);

// case: safe (header written by hand with the attributes)
http.createServer((req, res) => {
  res.setHeader('Set-Cookie', `session=${crypto.randomUUID()}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  res.end();
}).listen(3011);

// case: safe (module cookie)
app.get('/remember', (req, res) => {
  const options = { httpOnly: true, secure: IN_PRODUCTION, sameSite: 'lax', maxAge: 86400 };
  res.append('Set-Cookie', cookie.serialize('remember', crypto.randomUUID(), options));
  res.end();
});

// case: safe (taken away, not set)
app.post('/logout', (req, res) => {
  res.clearCookie('sid', { httpOnly: true, secure: true });
  res.redirect('/');
});

module.exports = app;
