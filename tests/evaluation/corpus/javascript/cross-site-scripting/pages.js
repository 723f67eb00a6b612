'use strict';

const express = require('express');
const escapeHtml = require('escape-html');
const serialize = require('serialize-javascript');
const sanitizeHtml = require('sanitize-html');
const he = require('he');

const app = express();
const GREETING = 'Hello';

app.set('view engine', 'ejs');

function layout(content) {
  return '<!doctype html><html><body>' + content + '</body></html>';
}

// case: vulnerable
app.get('/search', (req, res) => {
  res.send('<h1>Results for ' + req.query.q + '</h1>');
});

// case: safe (escaped)
app.get('/search/escaped', (req, res) => {
  res.send('<h1>Results for ' + escapeHtml(req.query.q) + '</h1>');
});

// case: safe (JSON is no HTML)
app.get('/search/json', (req, res) => {
  res.json({ query: req.query.q, results: [] });
});

// case: vulnerable (helper of this file wraps the value)
app.get('/hello/:name', (req, res) => {
  const content = `<p>${GREETING}, ${req.params.name}!</p>`;
  res.status(200).send(layout(content));
});

// case: vulnerable (JSON within a script element: </script> ends it)
app.get('/state', (req, res) => {
  const state = JSON.stringify({ tab: req.query.tab });
  res.send(layout(`<script>window.state = ${state};</script>`));
});

// case: safe (serializer escapes what ends a script)
app.get('/state/serialized', (req, res) => {
  const state = serialize({ tab: String(req.query.tab) }, { isJSON: true });
  res.send(layout(`<script>window.state = ${state};</script>`));
});

// case: vulnerable (only the first < is replaced)
app.get('/comment', (req, res) => {
  const text = String(req.query.text).replace('<', '&lt;');
  res.send(layout('<blockquote>' + text + '</blockquote>'));
});

// case: safe (all five characters replaced everywhere)
app.get('/quote', (req, res) => {
  const text = String(req.query.text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
  res.send(layout('<blockquote>' + text + '</blockquote>'));
});

// case: safe (plain text)
app.get('/plain', (req, res) => {
  res.set('X-Content-Type-Options', 'nosniff');
  res.type('text/plain').send('You looked for ' + req.query.q);
});

// case: vulnerable (entities are decoded before the script in the attribute runs)
app.get('/button', (req, res) => {
  const id = escapeHtml(req.query.id);
  res.send(layout('<button onclick="select(\'' + id + '\')">Choose</button>'));
});

// case: safe (sanitised by a library with its default list of tags)
app.post('/preview', (req, res) => {
  res.send(layout(sanitizeHtml(req.body.html)));
});

// case: vulnerable (unescaping undoes the escaping)
app.post('/note', (req, res) => {
  const stored = he.encode(req.body.note);
  const shown = he.decode(stored);
  res.send(layout(`<pre>${shown}</pre>`));
});

// case: safe (a view that the engine escapes)
app.get('/profile', (req, res) => {
  res.render('profile', { name: String(req.query.name) });
});

module.exports = app;
