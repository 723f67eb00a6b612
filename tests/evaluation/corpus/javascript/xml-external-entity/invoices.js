'use strict';

const express = require('express');
const fs = require('fs');
const path = require('path');
const multer = require('multer');
const libxmljs = require('libxmljs2');
const { parseXml, parseXmlString } = require('libxmljs2');
const xml2js = require('xml2js');
const { XMLParser } = require('fast-xml-parser');
const { DOMParser } = require('@xmldom/xmldom');

const app = express();
const upload = multer({ storage: multer.memoryStorage() });
app.use(express.text({ type: ['text/xml', 'application/xml'] }));

const PARSER_OPTIONS = { noblanks: true, noent: true };
const STRICT_OPTIONS = { noblanks: true, nonet: true };
const EXPAND = false;

// case: vulnerable
app.post('/invoices', (req, res) => {
  const document = libxmljs.parseXml(req.body, { noent: true });
  res.json({ number: document.get('//number').text() });
});

// case: safe (entities are not replaced by default)
app.post('/invoices/default', (req, res) => {
  const document = libxmljs.parseXml(req.body);
  res.json({ number: document.get('//number').text() });
});

// case: vulnerable (options in a constant)
app.post('/orders', (req, res) => {
  const document = libxmljs.parseXml(req.body, PARSER_OPTIONS);
  res.json({ root: document.root().name() });
});

// case: safe (options in a constant that replaces nothing)
app.post('/orders/strict', (req, res) => {
  const document = libxmljs.parseXml(req.body, STRICT_OPTIONS);
  res.json({ root: document.root().name() });
});

// case: vulnerable (uploaded file, other name of the function)
app.post('/upload', upload.single('invoice'), (req, res) => {
  const text = req.file.buffer.toString('utf8');
  const document = parseXmlString(text, { noent: true, nocdata: true });
  res.json({ lines: document.find('//line').length });
});

// case: vulnerable (no network, but local files are still read)
app.post('/upload/local', upload.single('invoice'), (req, res) => {
  const document = parseXml(req.file.buffer.toString(), { noent: true, nonet: true });
  res.json({ title: document.get('//title').text() });
});

// case: safe (noent written out as false)
app.post('/upload/closed', upload.single('invoice'), (req, res) => {
  const document = parseXml(req.file.buffer.toString(), { noent: false, dtdload: false });
  res.json({ title: document.get('//title').text() });
});

// case: safe (the document is part of the program)
app.get('/template', (req, res) => {
  const text = '<!DOCTYPE i [<!ENTITY c "Example Ltd">]><invoice><from>&c;</from></invoice>';
  const document = parseXml(text, { noent: true });
  res.json({ from: document.get('//from').text(), to: req.query.to });
});

// case: safe (xml2js knows no external entities)
app.post('/credit', async (req, res) => {
  const result = await xml2js.parseStringPromise(req.body, { explicitArray: false });
  res.json(result);
});

// case: safe (constant flag is false)
app.post('/debit', (req, res) => {
  const document = parseXml(req.body, { noent: EXPAND });
  res.json({ root: document.root().name() });
});

// case: vulnerable (external DTD is loaded and its entities with it)
app.post('/catalogue', (req, res) => {
  const options = { dtdload: true };
  options.noent = true;
  const document = libxmljs.parseXml(req.body, options);
  res.json({ entries: document.find('//entry').length });
});

// case: safe (pure JavaScript parser)
app.post('/quote', (req, res) => {
  const parser = new XMLParser({ ignoreAttributes: false, processEntities: false });
  res.json(parser.parse(req.body));
});

// case: safe (xmldom does not fetch entities)
app.post('/address', (req, res) => {
  const document = new DOMParser().parseFromString(req.body, 'text/xml');
  res.json({ street: document.getElementsByTagName('street')[0].textContent });
});

// case: safe (own file, shipped with the program)
app.get('/schema', (req, res) => {
  const text = fs.readFileSync(path.join(__dirname, 'schema.xml'), 'utf8');
  res.json({ name: parseXml(text, { noent: true }).root().name() });
});

module.exports = app;
