import Fastify from 'fastify';
import { Controller, Get, Headers, Query } from '@nestjs/common';
import escapeStringRegexp from 'escape-string-regexp';

const fastify = Fastify();
const titles: string[] = ['Alpha', 'Beta'];
const ALLOW_PATTERNS = false;

const NAME = /^(([a-z]+)[ -]?)+$/;
const AGENT = /^Mozilla\/\d+\.\d+ \([^()]*\)/;

function prefix(text: string): string {
  return '^' + text;
}

// case: vulnerable (template literal with the query's value)
fastify.get('/titles', async (request) => {
  const { start } = request.query as { start: string };
  return titles.filter((title) => new RegExp(`^${start}`, 'u').test(title));
});

// case: safe (module that escapes)
fastify.get('/titles/escaped', async (request) => {
  const { start } = request.query as { start: string };
  const pattern = new RegExp('^' + escapeStringRegexp(String(start)), 'u');
  return titles.filter((title) => pattern.test(title));
});

// case: vulnerable (helper of this file adds an anchor; body)
fastify.post('/titles', async (request) => {
  const { start } = request.body as { start: string };
  const pattern = RegExp(prefix(start));
  return titles.filter((title) => pattern.test(title));
});

// case: safe (compared without a pattern)
fastify.post('/titles/compare', async (request) => {
  const { start } = request.body as { start: string };
  return titles.filter((title) => title.toLowerCase().startsWith(String(start).toLowerCase()));
});

@Controller('names')
export class NameController {
  // case: vulnerable (exponential pattern on a parameter)
  @Get()
  check(@Query('name') name: string) {
    return { ok: NAME.test(name) };
  }

  // case: safe (the same pattern, but no more than twelve characters reach it)
  @Get('short')
  short(@Query('name') name: string) {
    if (typeof name !== 'string' || name.length > 12) {
      return { ok: false };
    }
    return { ok: NAME.test(name) };
  }

  // case: safe (linear pattern on a header)
  @Get('agent')
  agent(@Headers('user-agent') agent: string) {
    return { browser: AGENT.test(agent) };
  }

  // case: vulnerable (nested repetition with white space, method replace)
  @Get('trim')
  trim(@Headers('x-title') title: string) {
    return { title: title.replace(/^(\s*\w+\s*)+$/, 'words') };
  }
}

// case: vulnerable (source of a pattern in JSON, flags too)
fastify.post('/rewrite', async (request) => {
  const { from, to, flags } = request.body as { from: string; to: string; flags: string };
  return titles.map((title) => title.replace(new RegExp(from, flags), String(to)));
});

// case: safe (replaceAll with a string is no pattern)
fastify.post('/replace', async (request) => {
  const { from, to } = request.body as { from: string; to: string };
  return titles.map((title) => title.replaceAll(String(from), String(to)));
});

// case: safe (constant flag keeps the pattern out)
fastify.get('/flag', async (request) => {
  const { pattern } = request.query as { pattern: string };
  const source = ALLOW_PATTERNS ? pattern : '^[A-Z]';
  return titles.filter((title) => new RegExp(source).test(title));
});

export default fastify;
