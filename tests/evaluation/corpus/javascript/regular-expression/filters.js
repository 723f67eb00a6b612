'use strict';

const express = require('express');
const _ = require('lodash');
const RE2 = require('re2');

const app = express();
app.use(express.json());

const lines = ['first line', 'second line'];
const WORDS = { digits: '^[0-9]+$', letters: '^[a-z]+$' };
const MAIL = /^([a-zA-Z0-9]+\.?)+@example\.com$/;
const ZIP = /^\d{5}(-\d{4})?$/;

function escapePattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

// case: vulnerable
app.get('/lines', (req, res) => {
  const pattern = new RegExp(req.query.pattern, 'i');
  res.json(lines.filter((line) => pattern.test(line)));
});

// case: safe (lodash escapes what has a meaning)
app.get('/lines/escaped', (req, res) => {
  const pattern = new RegExp(_.escapeRegExp(String(req.query.text)), 'i');
  res.json(lines.filter((line) => pattern.test(line)));
});

// case: safe (no pattern at all)
app.get('/lines/plain', (req, res) => {
  res.json(lines.filter((line) => line.includes(String(req.query.text))));
});

// case: vulnerable (nested repetition in a constant, tested on the body)
app.post('/mail', (req, res) => {
  const valid = MAIL.test(req.body.mail);
  res.json({ valid });
});

// case: safe (linear pattern in a constant)
app.post('/zip', (req, res) => {
  const valid = ZIP.test(req.body.zip);
  res.json({ valid });
});

// case: vulnerable (method match makes a pattern of a string)
app.post('/match', (req, res) => {
  const found = lines.join('\n').match(req.body.pattern);
  res.json({ found });
});

// case: safe (helper of this file escapes)
app.post('/match/word', (req, res) => {
  const pattern = RegExp('\\b' + escapePattern(String(req.body.word)) + '\\b');
  res.json(lines.filter((line) => pattern.test(line)));
});

// case: safe (engine without backtracking)
app.get('/linear', (req, res) => {
  const pattern = new RE2(String(req.query.pattern));
  res.json(lines.filter((line) => pattern.test(line)));
});

// case: vulnerable (alternatives that overlap, in the place of use)
app.post('/path', (req, res) => {
  const ok = /^(\/|\/\w*|\w)+$/.test(req.body.path);
  res.json({ ok });
});

// case: safe (looked up by name)
app.get('/kind', (req, res) => {
  const source = Object.hasOwn(WORDS, req.query.kind) ? WORDS[req.query.kind] : WORDS.digits;
  const pattern = new RegExp(source);
  res.json(lines.filter((line) => pattern.test(line)));
});

module.exports = app;
