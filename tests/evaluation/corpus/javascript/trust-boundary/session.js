'use strict';

const express = require('express');
const session = require('express-session');
const { body, matchedData, validationResult } = require('express-validator');
const Joi = require('joi');

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { secure: true } }));
app.use(express.urlencoded({ extended: true }));

const LANGUAGES = ['en', 'zh', 'de'];
const Filter = Joi.object({ colour: Joi.string().valid('red', 'blue').required() });
const STRICT = true;

function keep(request, value) {
  return value;
}

// case: vulnerable
app.post('/role', (req, res) => {
  req.session.role = req.body.role;
  res.redirect('/');
});

// case: safe (one of the languages we have, else nothing is stored)
app.post('/language', (req, res) => {
  const language = req.body.language;
  if (!LANGUAGES.includes(language)) {
    return res.sendStatus(400);
  }
  req.session.language = language;
  res.redirect('/');
});

// case: vulnerable (template literal around the parameter)
app.get('/tenant/:tenant', (req, res) => {
  req.session.tenant = `tenant-${req.params.tenant}`;
  res.end();
});

// case: safe (constant in the session, value only in the answer)
app.get('/visited/:page', (req, res) => {
  req.session.visited = true;
  res.json({ page: req.params.page });
});

// case: vulnerable (the whole body)
app.post('/profile', (req, res) => {
  Object.assign(req.session, req.body);
  res.end();
});

// case: vulnerable (the key is the visitor's)
app.post('/flag', (req, res) => {
  req.session[req.body.flag] = 'on';
  res.end();
});

// case: safe (schema lets one of two values pass or throws)
app.post('/filter', (req, res) => {
  const filter = Joi.attempt(req.body, Filter);
  req.session.colour = filter.colour;
  res.end();
});

// case: vulnerable (helper passes through; header)
app.get('/account', (req, res) => {
  const account = keep(req, req.get('X-Account'));
  req.session.account = account;
  res.end();
});

// case: safe (validated by express-validator, result read and acted on)
app.post('/size', body('size').isIn(['s', 'm', 'l']), (req, res) => {
  if (!validationResult(req).isEmpty()) {
    return res.sendStatus(422);
  }
  req.session.size = matchedData(req).size;
  res.end();
});

// case: vulnerable (validated, but nobody looks at the result)
app.post('/discount', body('discount').isIn(['none', 'student']), (req, res) => {
  const errors = validationResult(req);
  console.info('validated', errors.isEmpty());
  req.session.discount = req.body.discount;
  res.end();
});

// case: safe (condition over a constant)
app.post('/group', (req, res) => {
  let group = 'customers';
  if (!STRICT) {
    group = req.body.group;
  }
  req.session.group = group;
  res.end();
});

// case: safe (number between one and a hundred)
app.get('/rows', (req, res) => {
  const rows = Number.parseInt(req.query.rows, 10);
  req.session.rows = rows >= 1 && rows <= 100 ? rows : 20;
  res.end();
});

module.exports = app;
