'use strict';

const express = require('express');
const fs = require('fs');
const fsp = require('fs/promises');
const path = require('path');
const multer = require('multer');
const sanitizeFilename = require('sanitize-filename');

const app = express();
const upload = multer({ storage: multer.memoryStorage() });

const ROOT = '/srv/downloads';
const ALLOWED = ['terms.pdf', 'prices.pdf', 'catalogue.pdf'];
const MODE = 'B';

// case: vulnerable
app.get('/download', (req, res) => {
  const file = path.join(ROOT, req.query.file);
  fs.createReadStream(file).pipe(res);
});

// case: safe (only the last part of the name remains)
app.get('/download/flat', (req, res) => {
  const file = path.join(ROOT, path.basename(String(req.query.file)));
  fs.createReadStream(file).pipe(res);
});

// case: vulnerable (removing ../ once leaves ....// )
app.get('/manual', async (req, res) => {
  const name = String(req.query.name).replace('../', '');
  res.send(await fsp.readFile(ROOT + '/' + name, 'utf8'));
});

// case: safe (resolved path compared with the root and its separator)
app.get('/manual/checked', async (req, res) => {
  const file = path.resolve(ROOT, String(req.query.name));
  if (!file.startsWith(ROOT + path.sep)) {
    return res.sendStatus(404);
  }
  res.send(await fsp.readFile(file, 'utf8'));
});

// case: vulnerable (prefix compared before the path is resolved)
app.get('/manual/prefixed', async (req, res) => {
  const file = ROOT + '/' + req.query.name;
  if (!file.startsWith(ROOT + '/')) {
    return res.sendStatus(404);
  }
  res.send(await fsp.readFile(file, 'utf8'));
});

// case: vulnerable (sendFile with an absolute path that was joined)
app.get('/invoice/:name', (req, res) => {
  const { name } = req.params;
  res.sendFile(path.resolve(ROOT, 'invoices', name));
});

// case: safe (sendFile keeps within its root)
app.get('/receipt/:name', (req, res) => {
  const { name } = req.params;
  res.sendFile(name, { root: path.join(ROOT, 'receipts') });
});

// case: vulnerable (the uploaded file's name decides where it is written)
app.post('/upload', upload.single('picture'), async (req, res) => {
  const target = `${ROOT}/pictures/${req.body.folder}/${req.file.originalname}`;
  await fsp.writeFile(target, req.file.buffer);
  res.sendStatus(201);
});

// case: safe (random name, only the known extension is kept)
app.post('/upload/random', upload.single('picture'), async (req, res) => {
  const extension = req.file.originalname.endsWith('.png') ? '.png' : '.jpg';
  const target = path.join(ROOT, 'pictures', require('crypto').randomUUID() + extension);
  await fsp.writeFile(target, req.file.buffer);
  res.status(201).json({ picture: path.basename(target) });
});

// case: safe (list of names, early return)
app.get('/legal', (req, res) => {
  const name = req.query.name;
  if (ALLOWED.indexOf(name) === -1) {
    return res.sendStatus(404);
  }
  res.download(path.join(ROOT, name));
});

// case: vulnerable (URL-decoded after the check for dots)
app.get('/mirror/*', (req, res) => {
  const raw = req.originalUrl.slice('/mirror/'.length);
  if (raw.includes('..')) {
    return res.sendStatus(400);
  }
  fs.readFile(path.join(ROOT, decodeURIComponent(raw)), (error, data) => res.end(data));
});

// case: safe (library strips separators and dots)
app.delete('/upload/:name', async (req, res) => {
  const clean = sanitizeFilename(req.params.name) || 'none';
  await fsp.unlink(path.join(ROOT, 'pictures', clean));
  res.sendStatus(204);
});

// case: safe (switch on a constant)
app.get('/mode', (req, res) => {
  let name;
  switch (MODE) {
    case 'A':
      name = req.query.name;
      break;
    default:
      name = 'readme.txt';
  }
  res.send(fs.readFileSync(path.join(ROOT, name), 'utf8'));
});

module.exports = app;
