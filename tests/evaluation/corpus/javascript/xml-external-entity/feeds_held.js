import Koa from 'koa';
import Router from '@koa/router';
import getRawBody from 'raw-body';
import * as libxml from 'libxmljs2';
import libxmljs from 'libxmljs';
import sax from 'sax';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { xml2json } from 'xml-js';
import { WebSocketServer } from 'ws';
import { spawnSync } from 'node:child_process';

const router = new Router();
const sockets = new WebSocketServer({ port: 9200 });

const defaults = { noent: false, nonet: true };

class FeedReader {
  options = { noent: true };

  // case: vulnerable (options in a field; the parser's call stands here)
  async read(ctx) {
    const text = await getRawBody(ctx.req, 'utf8');
    return libxml.parseXml(text, this.options).toString();
  }

  // case: safe (module's defaults, which replace nothing)
  async readDefault(ctx) {
    const text = await getRawBody(ctx.req, 'utf8');
    return libxml.parseXml(text, defaults).toString();
  }
}

// case: vulnerable (defaults are overridden in a spread)
router.post('/feeds', async (ctx) => {
  const text = await getRawBody(ctx.req, { encoding: 'utf8', limit: '1mb' });
  const document = libxml.parseXml(text, { ...defaults, noent: true });
  ctx.body = { title: document.get('//title')?.toString() };
});

// case: safe (the spread comes last and switches it off again)
router.post('/feeds/spread', async (ctx) => {
  const text = await getRawBody(ctx.req, { encoding: 'utf8', limit: '1mb' });
  const document = libxml.parseXml(text, { noent: true, ...defaults });
  ctx.body = { title: document.get('//title')?.toString() };
});

// case: vulnerable (websocket)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const document = libxmljs.parseXml(data.toString(), { noent: true });
    socket.send(String(document.root()));
  });
});

// case: safe (websocket, event parser that reports entities but loads none)
sockets.on('connection', (socket) => {
  const parser = sax.parser(true);
  parser.onopentag = (tag) => socket.send(tag.name);
  socket.on('message', (data) => parser.write(data.toString()));
});

// case: vulnerable (parameter of the query, Object.assign)
router.get('/feeds/inline', (ctx) => {
  const options = Object.assign({}, defaults, { noent: true });
  const source = String(ctx.query.xml);
  ctx.body = libxml.parseXml(source, options).root()?.name();
});

// case: safe (the text goes to a validator without entities)
router.post('/feeds/validate', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  ctx.body = { valid: XMLValidator.validate(text) === true, tree: new XMLParser().parse(text) };
});

// case: vulnerable (helper below holds the call)
router.post('/podcasts', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  ctx.body = episodes(text);
});

function episodes(text) {
  const document = libxml.parseXml(text, { noent: true, noblanks: true });
  return document.find('//item').length;
}

// case: safe (helper below leaves the default)
router.post('/podcasts/titles', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  ctx.body = titles(text);
});

function titles(text) {
  const document = libxml.parseXml(text, { noblanks: true });
  return document.find('//title').map((node) => node.toString());
}

// case: vulnerable (condition over constants is always true)
router.post('/news', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  const options = {};
  if ('news'.length === 4) {
    options.noent = true;
  }
  ctx.body = libxml.parseXml(text, options).toString();
});

// case: safe (converted by a parser in JavaScript)
router.post('/news/json', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  ctx.body = JSON.parse(xml2json(text, { compact: true }));
});

// case: safe (xmllint without entities and without network)
router.post('/news/check', async (ctx) => {
  const text = await getRawBody(ctx.req, 'utf8');
  const result = spawnSync('xmllint', ['--noout', '--nonet', '-'], { input: text });
  ctx.body = { ok: result.status === 0 };
});

export const reader = new FeedReader();
export default new Koa().use(router.routes());
