'use strict';

const fs = require('fs');
const fsp = require('fs/promises');
const path = require('path');
const express = require('express');
const multer = require('multer');
const AdmZip = require('adm-zip');
const unzipper = require('unzipper');
const tar = require('tar');
const tarStream = require('tar-stream');

const app = express();
const upload = multer({ dest: '/var/spool/import' });
const TARGET = '/srv/import';

// case: vulnerable (entry's name joined to the folder)
app.post('/zip', upload.single('archive'), (req, res) => {
  const zip = new AdmZip(req.file.path);
  for (const entry of zip.getEntries()) {
    fs.writeFileSync(path.join(TARGET, entry.entryName), entry.getData());
  }
  res.end();
});

// case: safe (resolved and compared with the folder)
app.post('/zip/checked', upload.single('archive'), (req, res) => {
  const zip = new AdmZip(req.file.path);
  for (const entry of zip.getEntries()) {
    const target = path.resolve(TARGET, entry.entryName);
    if (!target.startsWith(TARGET + path.sep)) {
      return res.sendStatus(400);
    }
    fs.writeFileSync(target, entry.getData());
  }
  res.end();
});

// case: vulnerable (stream of entries)
app.post('/stream', (req, res) => {
  req
    .pipe(unzipper.Parse())
    .on('entry', (entry) => {
      entry.pipe(fs.createWriteStream(`${TARGET}/${entry.path}`));
    })
    .on('close', () => res.end());
});

// case: safe (only the last part of the name)
app.post('/stream/flat', (req, res) => {
  req
    .pipe(unzipper.Parse())
    .on('entry', (entry) => {
      entry.pipe(fs.createWriteStream(path.join(TARGET, path.basename(entry.path))));
    })
    .on('close', () => res.end());
});

// case: vulnerable (tar keeps absolute paths and parents)
app.post('/tar', upload.single('archive'), async (req, res) => {
  await tar.x({ file: req.file.path, cwd: TARGET, preservePaths: true });
  res.end();
});

// case: safe (tar's default strips and refuses)
app.post('/tar/default', upload.single('archive'), async (req, res) => {
  await tar.x({ file: req.file.path, cwd: TARGET, strip: 1 });
  res.end();
});

// case: vulnerable (header's name)
app.post('/tar/stream', (req, res) => {
  const extract = tarStream.extract();
  extract.on('entry', (header, stream, next) => {
    const file = path.join(TARGET, header.name);
    stream.pipe(fs.createWriteStream(file));
    stream.on('end', next);
  });
  req.pipe(extract).on('finish', () => res.end());
});

// case: safe (numbered files, names are only listed)
app.post('/zip/numbered', upload.single('archive'), async (req, res) => {
  const entries = new AdmZip(req.file.path).getEntries();
  for (let i = 0; i < entries.length; i++) {
    await fsp.writeFile(path.join(TARGET, `${i}.bin`), entries[i].getData());
  }
  res.json(entries.map((entry) => entry.entryName));
});

module.exports = app;
