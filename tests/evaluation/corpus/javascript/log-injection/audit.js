'use strict';

const express = require('express');
const winston = require('winston');
const pino = require('pino');
const fs = require('fs');
const log4js = require('log4js');

const app = express();
const text = winston.createLogger({
  format: winston.format.printf((entry) => `${entry.level} ${entry.message}`),
  transports: [new winston.transports.File({ filename: 'audit.log' })],
});
const structured = pino();
const old = log4js.getLogger('audit');
const DETAILS = false;

function oneLine(value) {
  return String(value).replace(/[\r\n\u2028\u2029]/g, ' ');
}

// case: vulnerable
app.post('/login', (req, res) => {
  text.info('login of ' + req.body.user);
  res.end();
});

// case: safe (line ends replaced by a helper of this file)
app.post('/login/clean', (req, res) => {
  text.info('login of ' + oneLine(req.body.user));
  res.end();
});

// case: vulnerable (console, template literal)
app.get('/visit', (req, res) => {
  console.log(`visit from ${req.query.campaign}`);
  res.end();
});

// case: safe (JSON text has no line ends)
app.get('/visit/json', (req, res) => {
  console.log('visit from ' + JSON.stringify(req.query.campaign));
  res.end();
});

// case: safe (pino writes JSON, the value is a field)
app.get('/order/:id', (req, res) => {
  structured.info({ order: req.params.id }, 'order opened');
  res.end();
});

// case: vulnerable (file written by hand)
app.post('/feedback', (req, res) => {
  fs.appendFileSync('feedback.log', `${new Date().toISOString()} ${req.body.text}\n`);
  res.end();
});

// case: safe (percent-encoded)
app.post('/feedback/encoded', (req, res) => {
  fs.appendFileSync('feedback.log', `${new Date().toISOString()} ${encodeURIComponent(String(req.body.text))}\n`);
  res.end();
});

// case: vulnerable (log4js, only the first line end is removed)
app.post('/search', (req, res) => {
  const term = String(req.body.term).replace('\n', '');
  old.warn('nothing found for ' + term);
  res.end();
});

// case: safe (number)
app.get('/page/:n', (req, res) => {
  old.info('page ' + Number(req.params.n));
  res.end();
});

// case: safe (constant flag)
app.get('/details', (req, res) => {
  text.info('details for ' + (DETAILS ? req.query.q : 'hidden'));
  res.end();
});

module.exports = app;
