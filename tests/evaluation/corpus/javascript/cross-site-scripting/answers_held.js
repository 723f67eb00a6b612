import http from 'node:http';
import { parse } from 'node:url';
import Koa from 'koa';
import Router from '@koa/router';
import Fastify from 'fastify';
import ejs from 'ejs';
import Handlebars from 'handlebars';
import validator from 'validator';
import _ from 'lodash';

const koa = new Koa();
const router = new Router();
const fastify = Fastify({ logger: true });

class Page {
  lines = [];

  add(text) {
    this.lines.push(text);
    return this;
  }

  html() {
    return '<ul>' + this.lines.map((line) => `<li>${line}</li>`).join('') + '</ul>';
  }
}

function encode(text) {
  return String(text).replace(/[&<>"']/g, (character) => '&#' + character.charCodeAt(0) + ';');
}

// case: vulnerable (Node core, query taken from the address)
http
  .createServer((req, res) => {
    const { query } = parse(req.url ?? '', true);
    res.writeHead(200, { 'Content-Type': 'text/html' });
    res.end('<p>No page for ' + query.page + '</p>');
  })
  .listen(3001);

// case: safe (Node core, helper encodes)
http
  .createServer((req, res) => {
    const { query } = parse(req.url ?? '', true);
    res.writeHead(404, { 'Content-Type': 'text/html' });
    res.end('<p>No page for ' + encode(query.page) + '</p>');
  })
  .listen(3002);

// case: vulnerable (Koa: a string that begins with < is sent as HTML)
router.get('/answer', (ctx) => {
  ctx.body = `<div class="answer">${ctx.query.text}</div>`;
});

// case: safe (Koa: an object is sent as JSON)
router.get('/answer.json', (ctx) => {
  ctx.body = { html: `<div class="answer">${ctx.query.text}</div>` };
});

// case: vulnerable (Fastify with an explicit type)
fastify.get('/topic', async (request, reply) => {
  const { topic } = request.query;
  return reply.type('text/html').send(['<h1>', topic, '</h1>'].join(''));
});

// case: safe (validator's escape)
fastify.get('/title', async (request, reply) => {
  const { topic } = request.query;
  return reply.type('text/html').send(['<h1>', validator.escape(String(topic)), '</h1>'].join(''));
});

// case: vulnerable (EJS with the unescaped tag)
router.get('/thread', (ctx) => {
  ctx.type = 'html';
  ctx.body = ejs.render('<h1><%- title %></h1>', { title: ctx.query.title });
});

// case: safe (EJS with the escaping tag)
router.get('/threads', (ctx) => {
  ctx.type = 'html';
  ctx.body = ejs.render('<h1><%= title %></h1>', { title: ctx.query.title });
});

// case: vulnerable (SafeString tells Handlebars not to escape)
router.get('/author', (ctx) => {
  const template = Handlebars.compile('<b>{{name}}</b>');
  ctx.type = 'html';
  ctx.body = template({ name: new Handlebars.SafeString(String(ctx.query.name)) });
});

// case: safe (Handlebars escapes double braces)
router.get('/writer', (ctx) => {
  const template = Handlebars.compile('<b>{{name}}</b>');
  ctx.type = 'html';
  ctx.body = template({ name: String(ctx.query.name) });
});

// case: vulnerable (class of this file collects the lines; Next.js)
export default function handler(req, res) {
  const page = new Page().add('Sent by').add(req.body.sender);
  res.setHeader('Content-Type', 'text/html');
  res.status(200).send(page.html());
}

// case: safe (the same class with escaped values)
export function list(req, res) {
  const page = new Page();
  for (const tag of [req.query.tag].flat()) {
    page.add(_.escape(tag));
  }
  res.setHeader('Content-Type', 'text/html');
  res.status(200).send(page.html());
}

// case: safe (percent-encoding leaves no angle bracket and no double quote)
export function link(req, res) {
  const href = '/search?q=' + encodeURIComponent(String(req.query.q));
  res.setHeader('Content-Type', 'text/html');
  res.send('<a href="' + href + '">again</a>');
}

koa.use(router.routes());
