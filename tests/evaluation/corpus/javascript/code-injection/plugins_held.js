import Fastify from 'fastify';
import vm from 'node:vm';
import { WebSocketServer } from 'ws';
import { Worker } from 'node:worker_threads';
import puppeteer from 'puppeteer';
import { z } from 'zod';

const fastify = Fastify();
const sockets = new WebSocketServer({ port: 9300 });

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor;
const PLUGINS = { upper: 'text.toUpperCase()', lower: 'text.toLowerCase()' };
const Names = z.enum(['upper', 'lower']);

class Evaluator {
  static #ENABLED = false;

  // case: vulnerable (method of a class; message of a websocket)
  listen() {
    sockets.on('connection', (socket) => {
      socket.on('message', (message) => {
        const { code } = JSON.parse(String(message));
        socket.send(String(vm.runInThisContext(code)));
      });
    });
  }

  // case: safe (constant field is false)
  handle(body) {
    const code = Evaluator.#ENABLED ? body.code : '0';
    return vm.runInThisContext(code);
  }
}

// case: vulnerable (asynchronous function made of the body)
fastify.post('/plugins/run', async (request) => {
  const { code } = request.body;
  const plugin = new AsyncFunction('text', code);
  return { result: await plugin('sample') };
});

// case: safe (expression looked up by a name of the enumeration)
fastify.post('/plugins/named', async (request) => {
  const name = Names.parse(request.body.name);
  const plugin = new Function('text', 'return ' + PLUGINS[name]);
  return { result: plugin('sample') };
});

// case: vulnerable (alphanumeric check of another field)
fastify.post('/plugins/checked', async (request, reply) => {
  const { code, name } = request.body;
  if (!/^\w+$/.test(name ?? '')) {
    return reply.code(400).send();
  }
  return { [String(name)]: eval(code) };
});

// case: safe (JSON text is put into the script, so that it is a literal)
fastify.post('/plugins/literal', async (request) => {
  const { name } = request.body;
  const result = vm.runInNewContext('(' + JSON.stringify(String(name)) + ').length');
  return { result };
});

// case: vulnerable (quotes put around it by hand)
fastify.post('/plugins/quoted', async (request) => {
  const { name } = request.body;
  const result = vm.runInNewContext("('" + name + "').length");
  return { result };
});

// case: vulnerable (worker from text)
fastify.post('/workers', async (request) => {
  const { code } = request.body;
  const worker = new Worker('const { parentPort } = require("worker_threads");' + code, { eval: true });
  return { thread: worker.threadId };
});

// case: safe (worker from a file, the text is data)
fastify.post('/workers/file', async (request) => {
  const { code } = request.body;
  const worker = new Worker('./workers/highlight.js', { workerData: { code } });
  return { thread: worker.threadId };
});

// case: vulnerable (script for the page of a browser on the server)
fastify.post('/page', async (request) => {
  const { name } = request.body;
  const browser = await puppeteer.launch();
  const page = await browser.newPage();
  return page.evaluate(`document.querySelector("#${name}").textContent`);
});

// case: safe (function for the page, the value is its argument)
fastify.post('/page/function', async (request) => {
  const { name } = request.body;
  const browser = await puppeteer.launch();
  const page = await browser.newPage();
  return page.evaluate((id) => document.getElementById(id)?.textContent, String(name));
});

// case: safe (helper below answers with a constant)
fastify.get('/plugins/default', async (request) => {
  return eval(expressionFor(request.query.name));
});

function expressionFor(name) {
  console.info('plugin asked for', JSON.stringify(name));
  return '40 + 2';
}

// case: vulnerable (helper below falls back to what was asked for)
fastify.get('/plugins/any', async (request) => {
  return eval(sourceFor(request.query.name ?? ''));
});

function sourceFor(name) {
  return Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : name;
}

// case: safe (timer with a function)
fastify.post('/timer', async (request) => {
  const { name } = request.body;
  setTimeout(() => console.info('timer', JSON.stringify(name)), 50);
  return { started: true };
});

export const evaluator = new Evaluator();
