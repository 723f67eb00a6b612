'use strict';

const express = require('express');
const path = require('path');
const childProcess = require('child_process');
const { exec, execFile, execSync, spawn, spawnSync } = require('child_process');
const util = require('util');
const multer = require('multer');

const router = express.Router();
const upload = multer({ dest: '/var/spool/shop' });
const run = util.promisify(exec);

const PRINTERS = ['front-desk', 'warehouse', 'label-1'];
const LEVEL = 3;

function pick(value) {
  return value;
}

// case: vulnerable
router.get('/printers/status', (req, res, next) => {
  exec('lpstat -p ' + req.query.printer, (error, stdout) => {
    if (error) {
      return next(error);
    }
    res.type('text/plain').send(stdout);
  });
});

// case: safe (an argument list and no shell; the name cannot be an option)
router.get('/printers/queue', (req, res, next) => {
  execFile('lpq', ['-P' + String(req.query.printer)], (error, stdout) => {
    if (error) {
      return next(error);
    }
    res.type('text/plain').send(stdout);
  });
});

// case: vulnerable (destructured body, template literal, promisified exec)
router.post('/labels', async (req, res) => {
  const { copies = 1, text } = req.body;
  const title = `Label ${text}`.trim();
  const { stdout } = await run(`printf "%s" "${title}" | lp -n ${Number(copies)}`);
  res.json({ job: stdout });
});

// case: safe (the value is one of a fixed list, everything else ends the handler)
router.post('/printers/default', (req, res) => {
  const printer = req.body.printer;
  if (!PRINTERS.includes(printer)) {
    return res.status(400).json({ error: 'unknown printer' });
  }
  execSync('lpoptions -d ' + printer);
  res.sendStatus(204);
});

// case: vulnerable (the check only warns and does not stop)
router.post('/printers/enable', (req, res) => {
  const printer = req.body.printer;
  if (!PRINTERS.includes(printer)) {
    console.warn('unknown printer');
  }
  execSync('cupsenable ' + printer);
  res.end();
});

// case: vulnerable (name of an uploaded file, spawn with a shell)
router.post('/documents', upload.single('document'), (req, res) => {
  const original = req.file.originalname;
  const args = [req.file.path, '--title', original];
  const child = spawn('convert-and-print', args, { shell: true });
  child.on('close', (code) => res.json({ code }));
});

// case: safe (the same without a shell, the name is stored elsewhere)
router.post('/documents/raw', upload.single('document'), (req, res) => {
  const args = ['-o', 'raw', '-t', `upload ${req.file.size}`, '--', req.file.path];
  const child = spawn('lp', args);
  child.on('close', (code) => res.json({ name: req.file.originalname, code }));
});

// case: safe (arithmetic on constants keeps the request's value out)
router.get('/ink', (req, res) => {
  let device = 'usb';
  if (LEVEL * 7 - 20 > 5) {
    device = req.query.device;
  }
  res.send(execSync('ink -p ' + device).toString());
});

// case: vulnerable (arithmetic on constants lets it in)
router.get('/toner', (req, res) => {
  let device = 'usb';
  if (LEVEL * 7 - 20 < 5) {
    device = req.query.device;
  }
  res.send(execSync('toner --port ' + device).toString());
});

// case: vulnerable (helper passes the value through; header as the source)
router.get('/trace', (req, res) => {
  const host = pick(req.get('x-forwarded-host') || req.hostname);
  childProcess.exec(['ping', '-c', '1', host].join(' '), (error, stdout) => {
    res.send(error ? 'down' : stdout);
  });
});

// case: safe (a whole number is all that can remain)
router.get('/history/:count', (req, res) => {
  const count = Number.parseInt(req.params.count, 10) || 10;
  res.send(execSync(`lpstat -W completed | tail -n ${count}`).toString());
});

// case: safe (the command is written in the source, only its output depends on the machine)
router.post('/restart', (req, res) => {
  const requested = req.body.service;
  spawnSync('systemctl restart cups && sleep 1', { shell: '/bin/sh' });
  res.json({ requested, restarted: path.basename('cups.service') });
});

module.exports = router;
