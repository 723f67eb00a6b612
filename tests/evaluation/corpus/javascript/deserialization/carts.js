'use strict';

const express = require('express');
const cookieParser = require('cookie-parser');
const nodeSerialize = require('node-serialize');
const yaml = require('js-yaml');
const jsTypes = require('js-yaml-js-types').all;
const funcster = require('funcster');
const cryo = require('cryo');
const { unserialize } = require('node-serialize');
const { BSON } = require('bson');

const app = express();
app.use(cookieParser());
app.use(express.text({ type: '*/*' }));

const SCHEMA = yaml.DEFAULT_SCHEMA.extend(jsTypes);
const EMPTY_CART = '{"items":[]}';
const USE_COOKIE = false;

// case: vulnerable
app.get('/cart', (req, res) => {
  const cart = nodeSerialize.unserialize(req.cookies.cart);
  res.json(cart);
});

// case: safe (JSON makes no functions)
app.get('/cart/json', (req, res) => {
  const cart = JSON.parse(req.cookies.cart || EMPTY_CART);
  res.json({ count: cart.items.length });
});

// case: vulnerable (base64 around it is no protection; named import)
app.get('/profile', (req, res) => {
  const text = Buffer.from(req.cookies.profile, 'base64').toString();
  const profile = unserialize(text);
  res.json({ name: profile.name });
});

// case: safe (what is deserialised is written in the source)
app.get('/profile/empty', (req, res) => {
  const cart = unserialize(EMPTY_CART);
  cart.owner = req.cookies.profile;
  res.json(cart);
});

// case: vulnerable (JavaScript types in YAML)
app.post('/import', (req, res) => {
  const catalogue = yaml.load(req.body, { schema: SCHEMA });
  res.json({ imported: catalogue.length });
});

// case: safe (a schema of plain JSON types)
app.post('/import/plain', (req, res) => {
  const catalogue = yaml.load(req.body, { schema: yaml.JSON_SCHEMA });
  res.json({ imported: catalogue.length });
});

// case: safe (strings, lists and maps only)
app.post('/import/failsafe', (req, res) => {
  const options = { schema: yaml.FAILSAFE_SCHEMA, filename: 'import.yaml' };
  const catalogue = yaml.load(req.body, options);
  res.json({ imported: catalogue.length });
});

// case: vulnerable (header through a variable)
app.get('/filters', (req, res) => {
  const header = req.headers['x-filters'];
  const text = decodeURIComponent(header);
  const filters = funcster.deepDeserialize(JSON.parse(text));
  res.json(Object.keys(filters));
});

// case: vulnerable (try and catch change nothing)
app.post('/restore', (req, res) => {
  let order = null;
  try {
    order = cryo.parse(req.body);
  } catch (error) {
    return res.status(400).json({ error: 'not an order' });
  }
  return res.json({ total: order.total });
});

// case: vulnerable (module required where it is used)
app.post('/rules', (req, res) => {
  const rules = require('node-serialize').unserialize('{"rules":' + req.body + '}');
  res.json({ rules: rules.length });
});

// case: safe (only serialised, never read back)
app.post('/freeze', (req, res) => {
  const frozen = nodeSerialize.serialize({ text: req.body, at: Date.now() });
  res.type('text/plain').send(frozen);
});

// case: safe (constant flag: the cookie is never taken)
app.get('/wishlist', (req, res) => {
  const text = USE_COOKIE ? req.cookies.wishlist : EMPTY_CART;
  res.json(nodeSerialize.unserialize(text));
});

// case: safe (BSON without functions is the default)
app.post('/bson', express.raw({ type: 'application/bson' }), (req, res) => {
  const document = BSON.deserialize(req.body, { promoteValues: true });
  res.json({ keys: Object.keys(document) });
});

module.exports = app;
