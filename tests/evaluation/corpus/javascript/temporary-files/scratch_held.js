import { createWriteStream, mkdtempSync, openSync, writeFileSync, writeSync, appendFileSync } from 'node:fs';
import { mkdtemp, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import * as tmp from 'tmp';
import { file as tmpFile } from 'tmp-promise';

class Scratch {
  folder = '/tmp';

  // case: vulnerable (folder in a field, constant name)
  keep(text) {
    writeFileSync(this.folder + '/shop.lock', text);
  }

  // case: safe (folder made for this run)
  keepApart(text) {
    const own = mkdtempSync(join(this.folder, 'shop-'));
    writeFileSync(join(own, 'shop.lock'), text);
  }
}

// case: vulnerable (stream to a known name)
export function trace() {
  return createWriteStream('/tmp/trace.log', { flags: 'a' });
}

// case: safe (stream to a folder of the service)
export function traceOwn() {
  return createWriteStream('/var/log/shop/trace.log', { flags: 'a' });
}

// case: vulnerable (asynchronous name of the module)
export function later(text) {
  tmp.tmpName((error, name) => {
    if (!error) {
      writeFileSync(name, text);
    }
  });
}

// case: safe (module with promises opens it)
export async function laterOpen(text) {
  const { path, fd } = await tmpFile({ postfix: '.txt' });
  writeSync(fd, text);
  return path;
}

// case: vulnerable (user's name in the file's name)
export async function cache(user, text) {
  const name = join(tmpdir(), `cache-${user}.json`);
  await writeFile(name, text, 'utf8');
}

// case: safe (opened exclusively under a random name)
export async function cacheExclusive(text) {
  const name = join(tmpdir(), randomBytes(16).toString('hex'));
  const handle = await open(name, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.close();
}

// case: vulnerable (appended to a known name)
export function note(text) {
  const name = ['', 'tmp', 'notes.txt'].join('/');
  appendFileSync(name, text + '\n');
}

// case: safe (folder with promises)
export async function notes(text) {
  const folder = await mkdtemp(join(tmpdir(), 'notes-'));
  await writeFile(join(folder, 'notes.txt'), text);
}

// case: safe (opened exclusively, synchronous)
export function exclusive(text) {
  const name = join(tmpdir(), randomBytes(12).toString('base64url'));
  writeSync(openSync(name, 'wx', 0o600), text);
}

export const scratch = new Scratch();
