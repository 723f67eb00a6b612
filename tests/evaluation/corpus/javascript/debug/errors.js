'use strict';

const express = require('express');
const errorHandler = require('errorhandler');
const inspector = require('inspector');
const { ApolloServer } = require('@apollo/server');
const Koa = require('koa');

const schema = { typeDefs: 'type Query { me: String }', resolvers: {} };
const TRACES = true;

// case: vulnerable (stack of the error goes to the visitor)
const first = express();
first.use((error, req, res, next) => {
  if (res.headersSent) {
    return next(error);
  }
  res.status(500).send(error.stack);
});

// case: safe (stack is logged, the visitor gets a sentence)
const second = express();
second.use((error, req, res, next) => {
  console.error(error.stack);
  if (res.headersSent) {
    return next(error);
  }
  res.status(500).send('Something went wrong');
});

// case: vulnerable (handler for development, whatever the environment)
const third = express();
third.use(errorHandler());

// case: safe (handler for development, in development)
const fourth = express();
if (process.env.NODE_ENV === 'development') {
  fourth.use(errorHandler());
}

// case: vulnerable (debugger listens on all addresses)
function inspect() {
  inspector.open(9229, '0.0.0.0', false);
}

// case: safe (inspector only asked for its address)
function inspected() {
  return Boolean(inspector.url());
}

// case: vulnerable (Apollo sends traces in every environment)
const graph = new ApolloServer({ ...schema, includeStacktraceInErrorResponses: TRACES });

// case: safe (Apollo without traces)
const plain = new ApolloServer({ ...schema, includeStacktraceInErrorResponses: false, introspection: false });

// case: vulnerable (environment of the process for everybody)
const fifth = express();
fifth.get('/debug/env', (req, res) => {
  res.json(process.env);
});

// case: safe (two harmless values of the process)
const sixth = express();
sixth.get('/health', (req, res) => {
  res.json({ uptime: process.uptime(), version: process.version.split('.')[0] });
});

// case: safe (Koa, message by status)
const koa = new Koa();
koa.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.app.emit('error', error, ctx);
    ctx.status = 500;
    ctx.body = { error: 'internal' };
  }
});

module.exports = { first, second, third, fourth, fifth, sixth, inspect, inspected, graph, plain, koa };
