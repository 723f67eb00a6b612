import { exec, execFile, execSync, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import Koa from 'koa';
import Router from '@koa/router';
import bodyParser from 'koa-bodyparser';
import { execa, execaCommand } from 'execa';
import shellQuote from 'shell-quote';

const app = new Koa();
const router = new Router();
const execAsync = promisify(exec);
const execFileAsync = promisify(execFile);

interface Probe {
  host: string;
  port?: number;
}

const COMMANDS: Record<string, string> = {
  disk: 'df -h',
  memory: 'free -m',
  load: 'uptime',
};

class Shell {
  constructor(private readonly prefix: string) {}

  line(part: string): string {
    return this.prefix + ' ' + part;
  }
}

// case: vulnerable
router.get('/dns', async (ctx) => {
  const host = ctx.query.host as string;
  const { stdout } = await execAsync(`nslookup ${host}`);
  ctx.body = stdout;
});

// case: safe (the request only chooses a key of a constant table)
router.get('/system/:what', async (ctx) => {
  const command = Object.hasOwn(COMMANDS, ctx.params.what) ? COMMANDS[ctx.params.what] : 'uptime';
  const { stdout } = await execAsync(command);
  ctx.body = stdout;
});

// case: vulnerable (a type assertion checks nothing at run time)
router.post('/probe', async (ctx) => {
  const probe = ctx.request.body as Probe;
  const { stdout } = await execAsync('nc -z ' + probe.host + ' ' + (probe.port ?? 80));
  ctx.body = { stdout };
});

// case: safe (pattern over the whole value, throw otherwise)
router.post('/probe/strict', async (ctx) => {
  const { host } = ctx.request.body as Probe;
  if (typeof host !== 'string' || !/^[a-z0-9][a-z0-9.]{0,60}$/.test(host)) {
    ctx.throw(400, 'host');
  }
  const { stdout } = await execAsync(`nc -z ${host} 443`);
  ctx.body = { stdout };
});

// case: vulnerable (pattern without an end)
router.post('/probe/loose', async (ctx) => {
  const { host } = ctx.request.body as Probe;
  if (!/^[a-z0-9.]+/.test(host)) {
    ctx.throw(400, 'host');
  }
  const { stdout } = await execAsync(`nc -z ${host} 443`);
  ctx.body = { stdout };
});

// case: safe (execa's array form has no shell, and the value stands after the end of options)
router.get('/whois', async (ctx) => {
  const { stdout } = await execa('whois', ['--', String(ctx.query.domain)]);
  ctx.body = stdout;
});

// case: vulnerable (shell switched on in the options object)
router.get('/whois/raw', async (ctx) => {
  const options = { timeout: 5000, shell: true };
  const { stdout } = await execa(`whois ${ctx.query.domain}`, options);
  ctx.body = stdout;
});

// case: safe (quoted by a library made for it)
router.get('/grep', async (ctx) => {
  const word = String(ctx.query.word);
  const command = shellQuote.quote(['grep', '-c', '-e', word, '/var/log/shop.log']);
  const { stdout } = await execAsync(command);
  ctx.body = stdout;
});

// case: vulnerable (class of the same file builds the line; cookie as the source)
router.get('/trace', async (ctx) => {
  const shell = new Shell('traceroute -m 4');
  ctx.body = execSync(shell.line(ctx.cookies.get('last_host') ?? 'localhost')).toString();
});

// case: vulnerable (a shell named as the program)
router.post('/cron', async (ctx) => {
  const job = (ctx.request.body as { job: string }).job;
  const child = spawn('/bin/bash', ['-c', `run-job ${job}`]);
  ctx.body = child.stdout;
});

// case: safe (a shell as the program, but a constant script; the value is a positional argument)
router.post('/cron/named', async (ctx) => {
  const job = String((ctx.request.body as { job: string }).job);
  const { stdout } = await execFileAsync('/bin/sh', ['-c', 'exec run-job -- "$1"', 'run-job', job]);
  ctx.body = stdout;
});

// case: safe (the map's other entry)
router.get('/uptime', async (ctx) => {
  const parts = new Map<string, string>();
  parts.set('host', String(ctx.query.host));
  parts.set('command', 'uptime -p');
  const { stdout } = await execaCommand(parts.get('command') as string);
  ctx.body = { host: parts.get('host'), stdout };
});

app.use(bodyParser()).use(router.routes());
export default app;
