import https, { Agent } from 'node:https';
import tls from 'node:tls';
import got from 'got';
import { Agent as UndiciAgent, setGlobalDispatcher } from 'undici';
import WebSocket from 'ws';
import { createClient } from 'redis';
import { MongoClient } from 'mongodb';
import Fastify from 'fastify';
import { readFileSync } from 'node:fs';

const key = readFileSync('/etc/shop/tls.key');
const cert = readFileSync('/etc/shop/tls.crt');

// case: vulnerable (got)
export async function weather() {
  return got('https://weather.example.com', { https: { rejectUnauthorized: false } }).json();
}

// case: safe (got)
export async function weatherChecked() {
  return got('https://weather.example.com', { https: { certificateAuthority: cert }, retry: { limit: 1 } }).json();
}

// case: vulnerable (undici, for all requests)
export function relax() {
  setGlobalDispatcher(new UndiciAgent({ connect: { rejectUnauthorized: false } }));
}

// case: safe (undici, time only)
export function hurry() {
  setGlobalDispatcher(new UndiciAgent({ connect: { timeout: 2000 } }));
}

// case: vulnerable (options built step by step)
export function send(host) {
  const options = { host, port: 443, method: 'POST' };
  options.rejectUnauthorized = false;
  https.request(options).end('ping');
}

// case: safe (options built step by step)
export function sendChecked(host) {
  const options = { host, port: 443, method: 'POST' };
  options.rejectUnauthorized = true;
  https.request(options).end('ping');
}

// case: vulnerable (websocket)
export function subscribe() {
  return new WebSocket('wss://events.example.com', { rejectUnauthorized: false });
}

// case: vulnerable (method of an old protocol)
export function oldAgent() {
  return new Agent({ secureProtocol: 'TLSv1_method' });
}

// case: safe (server asks for certificates and refuses the unknown)
export const server = Fastify({ https: { key, cert, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' } });

// case: vulnerable (Redis, host name not compared)
export const redis = createClient({ url: 'rediss://cache', socket: { tls: true, checkServerIdentity: () => undefined } });

// case: vulnerable (MongoDB)
export const mongo = new MongoClient('mongodb://db.example.com', { tls: true, tlsAllowInvalidCertificates: true });

// case: safe (MongoDB)
export const replica = new MongoClient('mongodb://db.example.com', { tls: true, tlsCAFile: '/etc/ssl/company.pem' });

// case: safe (default of Node core)
export function secure(host) {
  return tls.connect(443, host, { servername: host, minVersion: 'TLSv1.2' });
}
