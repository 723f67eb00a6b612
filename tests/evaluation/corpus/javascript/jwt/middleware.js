'use strict';

const express = require('express');
const fs = require('fs');
const jwt = require('jsonwebtoken');
const { expressjwt } = require('express-jwt');

const app = express();
const PUBLIC_KEY = fs.readFileSync('/etc/shop/jwt.pub', 'utf8');
const ALGORITHMS = ['RS256'];

function bearer(req) {
  return (req.get('Authorization') || '').replace(/^Bearer /, '');
}

// case: vulnerable (decoded, not verified)
app.use('/a', (req, res, next) => {
  const claims = jwt.decode(bearer(req));
  if (!claims) {
    return res.sendStatus(401);
  }
  req.user = claims.sub;
  next();
});

// case: safe (verified with a fixed algorithm)
app.use('/b', (req, res, next) => {
  try {
    req.user = jwt.verify(bearer(req), PUBLIC_KEY, { algorithms: ['RS256'] }).sub;
    next();
  } catch (error) {
    res.sendStatus(401);
  }
});

// case: vulnerable (unsigned tokens are taken too)
app.use('/c', (req, res, next) => {
  const claims = jwt.verify(bearer(req), PUBLIC_KEY, { algorithms: ['RS256', 'none'] });
  req.user = claims.sub;
  next();
});

// case: vulnerable (expired tokens are taken)
app.use('/d', (req, res, next) => {
  const claims = jwt.verify(bearer(req), PUBLIC_KEY, { algorithms: ALGORITHMS, ignoreExpiration: true });
  req.user = claims.sub;
  next();
});

// case: safe (options from a constant, with issuer)
app.use('/e', (req, res, next) => {
  jwt.verify(bearer(req), PUBLIC_KEY, { algorithms: ALGORITHMS, issuer: 'shop', ignoreExpiration: false }, (error, claims) => {
    if (error) {
      return res.sendStatus(401);
    }
    req.user = claims.sub;
    next();
  });
});

// case: vulnerable (signed with nothing)
app.post('/token', (req, res) => {
  const token = jwt.sign({ sub: req.body.name }, '', { algorithm: 'none' });
  res.json({ token });
});

// case: safe (signed with a private key)
app.post('/token/signed', (req, res) => {
  const key = fs.readFileSync('/etc/shop/jwt.key');
  res.json({ token: jwt.sign({ sub: req.user }, key, { algorithm: 'RS256', expiresIn: '15m' }) });
});

// case: safe (middleware with its algorithms)
app.use('/f', expressjwt({ secret: PUBLIC_KEY, algorithms: ['RS256'] }));

// case: vulnerable (the token itself says how it is to be verified)
app.use('/g', (req, res, next) => {
  const { header } = jwt.decode(bearer(req), { complete: true });
  req.user = jwt.verify(bearer(req), PUBLIC_KEY, { algorithms: [header.alg] }).sub;
  next();
});

module.exports = app;
