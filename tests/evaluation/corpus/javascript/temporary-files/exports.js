'use strict';

const fs = require('fs');
const fsp = require('fs/promises');
const os = require('os');
const path = require('path');
const crypto = require('crypto');
const tmp = require('tmp');

// case: vulnerable (known name in a folder that everybody writes to)
function saveReport(text) {
  fs.writeFileSync('/tmp/report.csv', text);
}

// case: safe (own folder with a random name)
function saveReportApart(text) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'report-'));
  fs.writeFileSync(path.join(folder, 'report.csv'), text, { mode: 0o600 });
  return folder;
}

// case: vulnerable (process number can be guessed)
function saveState(state) {
  const file = path.join(os.tmpdir(), 'shop-' + process.pid + '.json');
  fs.writeFileSync(file, JSON.stringify(state));
  return file;
}

// case: safe (module opens it, exclusively)
function saveStateOpen(state) {
  const file = tmp.fileSync({ mode: 0o600, prefix: 'shop-', postfix: '.json' });
  fs.writeSync(file.fd, JSON.stringify(state));
  return file.name;
}

// case: vulnerable (name is made first, the file later)
function saveNamed(text) {
  const name = tmp.tmpNameSync({ postfix: '.txt' });
  fs.writeFileSync(name, text);
  return name;
}

// case: safe (fails when it exists, name cannot be guessed)
async function saveExclusive(text) {
  const name = path.join(os.tmpdir(), crypto.randomUUID() + '.txt');
  await fsp.writeFile(name, text, { flag: 'wx', mode: 0o600 });
  return name;
}

// case: vulnerable (time in the name)
async function saveTimed(text) {
  const name = `${os.tmpdir()}/export-${Date.now()}.txt`;
  await fsp.writeFile(name, text);
  return name;
}

// case: safe (folder of the service itself)
async function saveOwn(text) {
  const name = path.join('/var/lib/shop/exports', 'latest.txt');
  await fsp.writeFile(name, text, { mode: 0o640 });
  return name;
}

module.exports = { saveReport, saveReportApart, saveState, saveStateOpen, saveNamed, saveExclusive, saveTimed, saveOwn };
