'use strict';

const express = require('express');
const _ = require('lodash');

const app = express();
app.use(express.json());

const settings = {};
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const SECTIONS = { mail: {}, page: {} };

// case: vulnerable (own merge of the body)
app.post('/settings', (req, res) => {
  function merge(target, source) {
    for (const key in source) {
      if (typeof source[key] === 'object' && source[key] !== null) {
        if (!target[key]) {
          target[key] = {};
        }
        merge(target[key], source[key]);
      } else {
        target[key] = source[key];
      }
    }
    return target;
  }
  merge(settings, req.body);
  res.end();
});

// case: safe (own merge that leaves the dangerous keys out)
app.post('/settings/careful', (req, res) => {
  function merge(target, source) {
    for (const key of Object.keys(source)) {
      if (FORBIDDEN.has(key)) {
        continue;
      }
      if (typeof source[key] === 'object' && source[key] !== null) {
        target[key] = merge(Object.hasOwn(target, key) ? target[key] : {}, source[key]);
      } else {
        target[key] = source[key];
      }
    }
    return target;
  }
  merge(settings, req.body);
  res.end();
});

// case: vulnerable (two keys of the request)
app.put('/settings/:section/:name', (req, res) => {
  const { section, name } = req.params;
  settings[section][name] = req.body.value;
  res.end();
});

// case: safe (section must be one of ours)
app.put('/sections/:section/:name', (req, res) => {
  const { section, name } = req.params;
  if (!Object.hasOwn(SECTIONS, section)) {
    return res.sendStatus(404);
  }
  const values = new Map(Object.entries(SECTIONS[section]));
  values.set(name, req.body.value);
  res.json([...values]);
});

// case: vulnerable (path of keys walked by hand)
app.post('/path', (req, res) => {
  const keys = String(req.body.path).split('.');
  let node = settings;
  while (keys.length > 1) {
    const key = keys.shift();
    node = node[key] = node[key] || {};
  }
  node[keys[0]] = req.body.value;
  res.end();
});

// case: safe (path is refused when it has a dangerous key)
app.post('/path/checked', (req, res) => {
  const keys = String(req.body.path).split('.');
  if (keys.some((key) => FORBIDDEN.has(key))) {
    return res.sendStatus(400);
  }
  let node = settings;
  while (keys.length > 1) {
    const key = keys.shift();
    node = node[key] = node[key] || {};
  }
  node[keys[0]] = req.body.value;
  res.end();
});

// case: safe (copy of one level of JSON only)
app.post('/copy', (req, res) => {
  const copy = { ...settings, ...req.body };
  res.json(copy);
});

// case: vulnerable (removing __proto__ leaves constructor.prototype)
app.post('/keys', (req, res) => {
  const [first, second, third] = req.body.keys.filter((key) => key !== '__proto__');
  settings[first][second][third] = req.body.value;
  res.end();
});

// case: safe (fields picked by constant names)
app.post('/pick', (req, res) => {
  const picked = _.pick(req.body, ['colour', 'size']);
  settings.page = { colour: String(picked.colour), size: Number(picked.size) };
  res.end();
});

module.exports = app;
