'use strict';

const express = require('express');
const session = require('express-session');
const cookieParser = require('cookie-parser');
const csurf = require('csurf');
const lusca = require('lusca');
const { doubleCsrf } = require('csrf-csrf');
const { ApolloServer } = require('@apollo/server');
const Hapi = require('@hapi/hapi');
const Crumb = require('@hapi/crumb');

const typeDefs = 'type Query { me: String } type Mutation { pay(amount: Int): Boolean }';

function shop() {
  const app = express();
  app.use(cookieParser());
  app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'none', secure: true } }));
  app.use(express.urlencoded({ extended: false }));
  return app;
}

// case: vulnerable (POST is among the methods that are not checked)
const first = shop();
first.use(csurf({ ignoreMethods: ['GET', 'HEAD', 'OPTIONS', 'POST'] }));
first.post('/pay', (req, res) => res.json(req.session.account.pay(req.body.amount)));

// case: safe (default methods)
const second = shop();
second.use(csurf({ cookie: { httpOnly: true, secure: true } }));
second.post('/pay', (req, res) => res.json(req.session.account.pay(req.body.amount)));

// case: vulnerable (lusca with the check off)
const third = shop();
third.use(lusca({ csrf: false, xframe: 'DENY', nosniff: true }));
third.post('/pay', (req, res) => res.json(req.session.account.pay(req.body.amount)));

// case: safe (lusca with the check on)
const fourth = shop();
fourth.use(lusca({ csrf: true, xframe: 'DENY', nosniff: true }));
fourth.post('/pay', (req, res) => res.json(req.session.account.pay(req.body.amount)));

// case: vulnerable (Apollo's prevention switched off)
const graph = new ApolloServer({ typeDefs, resolvers: {}, csrfPrevention: false });

// case: safe (Apollo's prevention switched on)
const guarded = new ApolloServer({ typeDefs, resolvers: {}, csrfPrevention: true });

// case: vulnerable (hapi: crumb is skipped for every request)
async function start() {
  const server = Hapi.server({ port: 3000 });
  await server.register({ plugin: Crumb, options: { skip: () => true } });
  return server;
}

// case: safe (hapi: crumb with its default)
async function startGuarded() {
  const server = Hapi.server({ port: 3001 });
  await server.register({ plugin: Crumb, options: { cookieOptions: { isSecure: true } } });
  return server;
}

// case: safe (token in cookie and header)
const fifth = shop();
const { doubleCsrfProtection } = doubleCsrf({ getSecret: () => process.env.CSRF_SECRET, getSessionIdentifier: (req) => req.session.id });
fifth.use(doubleCsrfProtection);
fifth.post('/pay', (req, res) => res.json(req.session.account.pay(req.body.amount)));

module.exports = { first, second, third, fourth, fifth, graph, guarded, start, startGuarded };
