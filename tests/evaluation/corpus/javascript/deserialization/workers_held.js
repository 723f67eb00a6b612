import Koa from 'koa';
import Router from '@koa/router';
import { WebSocketServer } from 'ws';
import * as serialize from 'node-serialize';
import { unserialize as toObject } from 'node-serialize';
import * as jsyaml from 'js-yaml';
import { all as unsafeTypes } from 'js-yaml-js-types';
import { deserialize as bsonToObject } from 'bson';
import YAML from 'yaml';
import * as devalue from 'devalue';
import Cryo from 'cryo';
import superagent from 'superagent';
import crypto from 'node:crypto';

const router = new Router();
const sockets = new WebSocketServer({ port: 9100 });
const KEY = process.env.QUEUE_KEY;

class Decoder {
  text;
  constructor(text) {
    this.text = text;
  }

  decode() {
    return JSON.parse(this.text);
  }

  plain() {
    return this.text;
  }
}

function seal(text) {
  return crypto.createHmac('sha256', KEY).update(text).digest('hex');
}

// case: vulnerable (websocket)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const job = serialize.unserialize(data.toString());
    socket.send(job.name);
  });
});

// case: safe (websocket, JSON)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const job = JSON.parse(data.toString());
    socket.send(String(job.name));
  });
});

// case: vulnerable (through an object of a class of this file)
router.post('/jobs', (ctx) => {
  const decoder = new Decoder(ctx.request.body.state ?? '{}');
  ctx.body = serialize.unserialize(decoder.plain());
});

// case: safe (the class uses JSON)
router.post('/jobs/json', (ctx) => {
  const decoder = new Decoder(ctx.request.body.state ?? '{}');
  ctx.body = decoder.decode();
});

// case: vulnerable (schema extended where it is used)
router.put('/pipelines', (ctx) => {
  const schema = jsyaml.DEFAULT_SCHEMA.extend(unsafeTypes);
  const text = ctx.request.rawBody;
  const steps = [];
  jsyaml.loadAll(text, (document) => steps.push(document), { schema });
  ctx.body = { steps: steps.length };
});

// case: safe (the package yaml makes data only)
router.put('/pipelines/data', (ctx) => {
  const document = YAML.parse(ctx.request.rawBody, { maxAliasCount: 10 });
  ctx.body = { steps: document.steps.length };
});

// case: vulnerable (functions in BSON are evaluated)
router.post('/snapshot', (ctx) => {
  const body = Buffer.from(ctx.request.body.data, 'base64');
  ctx.body = bsonToObject(body, { evalFunctions: true, cacheFunctions: false });
});

// case: safe (signature compared first, else an error is thrown)
router.post('/resume', (ctx) => {
  const { state, mac } = ctx.request.body;
  const expected = Buffer.from(seal(state));
  const given = Buffer.from(String(mac));
  if (expected.length !== given.length || !crypto.timingSafeEqual(expected, given)) {
    ctx.throw(403);
  }
  ctx.body = { resumed: Object.keys(devalue.parse(state)) };
});

// case: vulnerable (list: the constant is removed, the visitor's text remains)
router.get('/queue', (ctx) => {
  const states = ['{}'];
  states.push(String(ctx.query.state));
  states.splice(0, 1);
  ctx.body = serialize.unserialize(states[0]);
});

// case: safe (list: the visitor's text is removed)
router.get('/queue/next', (ctx) => {
  const states = [String(ctx.query.state)];
  states.push('{}');
  states.splice(0, 1);
  ctx.body = serialize.unserialize(states[0]);
});

// case: vulnerable (arrow function of this file evaluates)
const revive = (text) => toObject(text);
router.get('/workers/:state', (ctx) => {
  ctx.body = revive(ctx.params.state);
});

// case: safe (own state, made here, goes through the serializer and back)
router.get('/clone', async (ctx) => {
  const state = { started: Date.now(), items: [1, 2, 3] };
  ctx.body = Cryo.parse(Cryo.stringify(state));
  await superagent.get('http://metrics.internal/clone').query({ name: ctx.query.name });
});

export default new Koa().use(router.routes());
