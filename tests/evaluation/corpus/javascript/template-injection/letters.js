'use strict';

const express = require('express');
const ejs = require('ejs');
const pug = require('pug');
const nunjucks = require('nunjucks');
const Handlebars = require('handlebars');
const _ = require('lodash');
const fs = require('fs');

const app = express();
app.use(express.json());

const LETTER = 'Dear <%= name %>, thank you.';
const TEMPLATES = { short: 'Hi {{ name }}', long: 'Good day, {{ name }}' };

// case: vulnerable
app.post('/letters', (req, res) => {
  res.send(ejs.render(req.body.template, { name: 'Ada' }));
});

// case: safe (template is constant, the name is data)
app.post('/letters/constant', (req, res) => {
  res.send(ejs.render(LETTER, { name: String(req.body.name) }));
});

// case: vulnerable (the name becomes part of the template)
app.post('/letters/inline', (req, res) => {
  const template = 'p Dear ' + req.body.name;
  const render = pug.compile(template);
  res.send(render({}));
});

// case: safe (the name is a local of the template)
app.post('/letters/local', (req, res) => {
  const render = pug.compile('p Dear #{name}');
  res.send(render({ name: String(req.body.name) }));
});

// case: vulnerable (nunjucks, template literal)
app.get('/greeting', (req, res) => {
  res.send(nunjucks.renderString(`Hello ${req.query.name}, you have {{ count }} letters`, { count: 3 }));
});

// case: safe (looked up by a key)
app.get('/greeting/:kind', (req, res) => {
  const template = Object.hasOwn(TEMPLATES, req.params.kind) ? TEMPLATES[req.params.kind] : TEMPLATES.short;
  res.send(nunjucks.renderString(template, { name: String(req.query.name) }));
});

// case: vulnerable (lodash's template compiles to a function)
app.post('/sms', (req, res) => {
  const compiled = _.template(req.body.text);
  res.json({ sms: compiled({ code: 1234 }) });
});

// case: safe (file of our own)
app.post('/mail', (req, res) => {
  const source = fs.readFileSync('/srv/letters/mail.hbs', 'utf8');
  const template = Handlebars.compile(source);
  res.send(template({ subject: String(req.body.subject) }));
});

module.exports = app;
