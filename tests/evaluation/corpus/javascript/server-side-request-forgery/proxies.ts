import express, { Request, Response } from 'express';
import axios from 'axios';
import fetch from 'node-fetch';
import got from 'got';
import http from 'http';
import https from 'https';
import request from 'request';

const app = express();
app.use(express.json());

const HOSTS = new Set(['images.example.com', 'static.example.com']);
const API = 'https://api.example.com/v2';
const MIRRORS: Record<string, string> = { eu: 'https://eu.example.com', us: 'https://us.example.com' };
const config = { upstream: 'https://upstream.example.com', timeout: 2000 };

// case: vulnerable
app.get('/fetch', async (req: Request, res: Response) => {
  const answer = await axios.get(req.query.url as string);
  res.send(answer.data);
});

// case: safe (host of the parsed address is on a list, redirects are not followed)
app.get('/image', async (req: Request, res: Response) => {
  const address = new URL(String(req.query.url));
  if (address.protocol !== 'https:' || !HOSTS.has(address.hostname)) {
    return res.sendStatus(400);
  }
  const answer = await axios.get(address.href, { maxRedirects: 0, responseType: 'stream' });
  answer.data.pipe(res);
});

// case: vulnerable (includes is true for evil.test/?images.example.com)
app.get('/picture', async (req: Request, res: Response) => {
  const url = String(req.query.url);
  if (!url.includes('images.example.com')) {
    return res.sendStatus(400);
  }
  const answer = await fetch(url);
  answer.body.pipe(res);
});

// case: safe (the request only chooses a key)
app.get('/mirror', async (req: Request, res: Response) => {
  const base = Object.hasOwn(MIRRORS, String(req.query.region)) ? MIRRORS[String(req.query.region)] : MIRRORS.eu;
  const answer = await fetch(base + '/status');
  res.json(await answer.json());
});

// case: vulnerable (host name put together from the body)
app.post('/tenant', async (req: Request, res: Response) => {
  const { tenant } = req.body;
  const answer = await got(`http://${tenant}/health`).json();
  res.json(answer);
});

// case: safe (host fixed, the value is one encoded path segment)
app.get('/products/:id', async (req: Request, res: Response) => {
  const answer = await axios.get(`${API}/products/${encodeURIComponent(req.params.id)}`);
  res.json(answer.data);
});

// case: safe (host fixed, the value is a query parameter of axios)
app.get('/products', async (req: Request, res: Response) => {
  const answer = await axios.get(`${API}/products`, { params: { q: req.query.q } });
  res.json(answer.data);
});

// case: vulnerable (options object of Node core, header as the source)
app.get('/ping', (req: Request, res: Response) => {
  const options = { hostname: req.headers['x-backend'], port: 80, path: '/ping', method: 'GET' };
  http.request(options, (answer) => answer.pipe(res)).end();
});

// case: safe (options object of Node core, only a header of the outgoing request is the visitor's)
app.get('/pong', (req: Request, res: Response) => {
  const options = { hostname: 'backend.internal', port: 443, path: '/ping', headers: { 'x-trace': req.get('x-trace') || '' } };
  https.request(options, (answer) => answer.pipe(res)).end();
});

// case: vulnerable (prefix without a slash: api.example.com.evil.test)
app.get('/relay', (req: Request, res: Response) => {
  const url = String(req.query.url);
  if (url.startsWith('https://api.example.com')) {
    request(url).pipe(res);
  } else {
    res.sendStatus(400);
  }
});

// case: safe (overwritten by the configuration)
app.get('/upstream', async (req: Request, res: Response) => {
  let url = req.query.url as string;
  url = config.upstream;
  const answer = await axios({ method: 'get', url, timeout: config.timeout });
  res.send(answer.data);
});

// case: vulnerable (instance with a base address from the request)
app.post('/webhook/test', async (req: Request, res: Response) => {
  const client = axios.create({ baseURL: req.body.target, timeout: 1000 });
  const answer = await client.post('/hook', { event: 'test' });
  res.json({ status: answer.status });
});

export default app;
