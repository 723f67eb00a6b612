import http from 'node:http';
import { exec, execFile, execSync, fork, spawn } from 'node:child_process';
import { URL } from 'node:url';
import querystring from 'node:querystring';
import WebSocket, { WebSocketServer } from 'ws';
import Fastify from 'fastify';
import shell from 'shelljs';
import { simpleGit } from 'simple-git';

const fastify = Fastify();
const DEBUG_MODE = false;
const sockets = new WebSocketServer({ port: 9001 });

function branchOf(request) {
  return request.query.branch;
}

function mainBranch(request) {
  request.log.info(request.query.branch);
  return 'main';
}

// case: vulnerable (query string taken apart by hand)
http.createServer((req, res) => {
  const text = req.url.split('?')[1] || '';
  const fields = querystring.parse(text);
  exec('git log -1 --format=%H -- ' + fields.file, (error, stdout) => res.end(stdout));
}).listen(8080);

// case: vulnerable (message of a websocket)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    const output = execSync(`git branch --contains ${message.commit}`);
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(output.toString());
    }
  });
});

// case: safe (hexadecimal characters only)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { commit } = JSON.parse(data.toString());
    const clean = String(commit).replace(/[^0-9a-f]/g, '');
    socket.send(execSync(`git show --stat 0${clean}`).toString());
  });
});

// case: vulnerable (helper reads the request)
fastify.get('/checkout', async (request) => {
  const branch = branchOf(request);
  shell.exec('git checkout ' + branch);
  return { branch };
});

// case: safe (helper looks at the request but returns a constant)
fastify.get('/pull', async (request) => {
  const branch = mainBranch(request);
  shell.exec('git pull origin ' + branch);
  return { branch };
});

// case: safe (constant flag is false, the other arm is never taken)
fastify.get('/status', async (request) => {
  const directory = DEBUG_MODE ? request.query.directory : '/srv/repository';
  return execSync('git -C ' + directory + ' status --short').toString();
});

// case: vulnerable (the loop appends the list of the body)
fastify.post('/add', async (request) => {
  let command = 'git add';
  for (const file of request.body.files) {
    command += ' ' + file;
  }
  execSync(command, { cwd: '/srv/repository' });
  return { ok: true };
});

// case: safe (the list goes to git as arguments after the end of options)
fastify.post('/stage', async (request) => {
  const args = ['add', '--'];
  for (const file of request.body.files) {
    args.push(String(file));
  }
  return new Promise((resolve, reject) => {
    execFile('git', args, { cwd: '/srv/repository' }, (error) => (error ? reject(error) : resolve({ ok: true })));
  });
});

// case: vulnerable (caught error falls through with the raw value)
fastify.get('/blame', async (request) => {
  let file = request.query.file;
  try {
    file = new URL(file, 'file:///srv/').pathname;
  } catch (error) {
    request.log.warn('not a URL');
  }
  return execSync('git blame ' + file).toString();
});

// case: safe (a worker script by a constant name; the value travels as a message)
fastify.post('/index', async (request) => {
  const worker = fork('./workers/index.js', ['--quiet']);
  worker.send({ query: request.body.query });
  return { pid: worker.pid };
});

// case: vulnerable (the program itself is the visitor's choice)
fastify.post('/hooks', async (request) => {
  const [program, ...args] = request.body.command.split(' ');
  const child = spawn(program, args);
  return { pid: child.pid };
});

// case: safe (regular expression object's exec is no process)
fastify.get('/parse', async (request) => {
  const pattern = /^(\w{1,40})@(\w{1,40})$/;
  const match = pattern.exec(String(request.query.reference));
  return { match };
});

// case: safe (reassigned before use)
fastify.get('/tags', async (request) => {
  let sort = request.query.sort;
  request.log.info({ sort });
  sort = '-creatordate';
  const git = simpleGit('/srv/repository');
  await git.fetch();
  return execSync('git tag --sort=' + sort).toString();
});
