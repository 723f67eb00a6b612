import Koa from 'koa';
import Router from '@koa/router';
import xpath, { select, select1, evaluate } from 'xpath';
import { DOMParser } from '@xmldom/xmldom';
import * as libxmljs from 'libxmljs2';
import { readFileSync } from 'node:fs';

const router = new Router();
const text = readFileSync('/etc/shop/settings.xml', 'utf8');
const settings = new DOMParser().parseFromString(text, 'text/xml');
const native = libxmljs.parseXml(text);

const DEFAULT_ROLE = 'guest';

class Query {
  root;
  constructor(root) {
    this.root = root;
  }

  equals(attribute, value) {
    return `${this.root}[@${attribute}='${value}']`;
  }
}

function first(values) {
  return Array.isArray(values) ? values[0] : values;
}

// case: vulnerable
router.get('/settings', (ctx) => {
  const key = first(ctx.query.key);
  ctx.body = select(`/settings/entry[@key='${key}']`, settings);
});

// case: safe (all entries are read, then filtered here)
router.get('/settings/filtered', (ctx) => {
  const key = first(ctx.query.key);
  const entries = select('/settings/entry', settings);
  ctx.body = entries.filter((entry) => entry.getAttribute('key') === key).map((entry) => entry.textContent);
});

// case: vulnerable (class of this file formats)
router.post('/settings/find', (ctx) => {
  const { key } = ctx.request.body;
  ctx.body = select1(new Query('//entry').equals('key', key), settings);
});

// case: safe (the class, with the default only)
router.post('/settings/role', (ctx) => {
  const search = ctx.request.body;
  search.role = DEFAULT_ROLE;
  ctx.body = select1(new Query('//role').equals('name', DEFAULT_ROLE), settings);
});

// case: vulnerable (browser-like evaluate)
router.get('/settings/count', (ctx) => {
  const expression = 'count(//entry[' + ctx.query.condition + '])';
  ctx.body = evaluate(expression, settings, null, xpath.XPathResult.NUMBER_TYPE, null);
});

// case: safe (variables given to the parsed expression)
router.get('/settings/variables', (ctx) => {
  const parsed = xpath.parse('//entry[@key=$key and @role=$role]');
  ctx.body = parsed.select({
    node: settings,
    variables: { key: String(ctx.query.key), role: String(ctx.query.role) },
  });
});

// case: vulnerable (only double quotes are removed, the literal has single ones)
router.get('/settings/half', (ctx) => {
  const key = String(ctx.query.key).replace(/"/g, '');
  ctx.body = native.find("//entry[@key='" + key + "']").length;
});

// case: safe (test for the whole text, else 400)
router.get('/settings/tested', (ctx) => {
  const key = String(ctx.query.key);
  if (!/^[a-z.]{1,30}$/.test(key)) {
    ctx.throw(400, 'key');
  }
  ctx.body = native.find("//entry[@key='" + key + "']").length;
});

// case: vulnerable (cookie, several steps of concatenation)
router.get('/settings/theme', (ctx) => {
  let expression = '//theme';
  expression += '[@user="';
  expression += ctx.cookies.get('user');
  expression += '"]';
  ctx.body = native.get(expression)?.toString();
});

// case: safe (array of two, the constant one is taken)
router.get('/settings/pair', (ctx) => {
  const pair = [String(ctx.query.key), 'currency'];
  const [, key] = pair;
  ctx.body = select1(`//entry[@key='${key}']`, settings);
});

// case: vulnerable (array of two, the visitor's is taken)
router.get('/settings/pair/first', (ctx) => {
  const pair = [String(ctx.query.key), 'currency'];
  const [key] = pair;
  ctx.body = select1(`//entry[@key='${key}']`, settings);
});

// case: safe (date written anew in ISO form)
router.get('/settings/since', (ctx) => {
  const since = new Date(String(ctx.query.since)).toISOString().slice(0, 10);
  ctx.body = select("//entry[@changed='" + since + "']", settings);
});

export default new Koa().use(router.routes());
