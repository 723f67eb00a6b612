'use strict';

const express = require('express');
const url = require('url');

const app = express();
app.use(express.urlencoded({ extended: false }));

const BASE = 'https://shop.example.com';
const PAGES = { home: '/', orders: '/orders', help: '/help' };
const ALLOWED_HOSTS = ['shop.example.com', 'pay.example.com'];
const FORCE_HOME = true;

function localPath(target) {
  if (typeof target === 'string' && /^\/[a-z0-9][a-z0-9/-]*$/.test(target)) {
    return target;
  }
  return '/';
}

// case: vulnerable
app.get('/login/done', (req, res) => {
  res.redirect(req.query.next);
});

// case: safe (constant target)
app.get('/logout', (req, res) => {
  const next = req.query.next;
  res.redirect(next ? '/goodbye?left=1' : '/goodbye');
});

// case: vulnerable (a path may begin with two slashes)
app.get('/login/slash', (req, res) => {
  const next = String(req.query.next);
  if (!next.startsWith('/')) {
    return res.redirect('/');
  }
  res.redirect(next);
});

// case: safe (helper of this file lets local paths pass only)
app.get('/login/local', (req, res) => {
  res.redirect(302, localPath(req.query.next));
});

// case: vulnerable (form field, default does not help)
app.post('/login', (req, res) => {
  const { returnTo = '/' } = req.body;
  res.redirect(303, returnTo);
});

// case: safe (name of a page looked up)
app.post('/login/page', (req, res) => {
  const target = Object.hasOwn(PAGES, req.body.page) ? PAGES[req.body.page] : PAGES.home;
  res.redirect(303, target);
});

// case: vulnerable (Location set by hand)
app.get('/old', (req, res) => {
  res.status(301);
  res.set('Location', req.query.to);
  res.end();
});

// case: safe (host of the parsed address is on the list)
app.get('/out', (req, res) => {
  const target = new URL(String(req.query.to), BASE);
  if (target.protocol !== 'https:' || !ALLOWED_HOSTS.includes(target.hostname)) {
    return res.redirect('/');
  }
  res.redirect(target.href);
});

// case: vulnerable (endsWith without a dot: evilexample.com)
app.get('/partner', (req, res) => {
  const target = url.parse(String(req.query.to));
  if (target.hostname && target.hostname.endsWith('example.com')) {
    return res.redirect(target.href);
  }
  res.redirect('/');
});

// case: vulnerable (the start of the host name: evil.test/ makes the rest a path)
app.get('/country', (req, res) => {
  const country = String(req.query.country || 'uk').toLowerCase();
  res.redirect(`https://${country}.example.com/`);
});

// case: safe (value is an encoded parameter of a fixed address)
app.get('/sso', (req, res) => {
  const state = encodeURIComponent(String(req.query.state));
  res.redirect('https://sso.example.com/authorize?client_id=shop&state=' + state);
});

// case: safe (constant keeps the visitor's target out)
app.get('/start', (req, res) => {
  let target = '/home';
  if (!FORCE_HOME) {
    target = req.query.target;
  }
  res.redirect(target);
});

module.exports = app;
