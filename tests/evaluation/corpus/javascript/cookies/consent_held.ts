import Koa from 'koa';
import Router from '@koa/router';
import koaSession from 'koa-session';
import Fastify from 'fastify';
import fastifyCookie, { CookieSerializeOptions } from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Controller, Post, Res, Req } from '@nestjs/common';
import type { Request, Response as ExpressResponse } from 'express';
import { cookies } from 'next/headers';
import { NextRequest, NextResponse } from 'next/server';
import { randomUUID } from 'node:crypto';
import { serialize } from 'cookie';

const koa = new Koa();
const router = new Router();
const fastify = Fastify();

const base: CookieSerializeOptions = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' };

// case: vulnerable (Koa: default httpOnly switched off)
router.post('/enter', (ctx) => {
  ctx.cookies.set('enter', randomUUID(), { httpOnly: false, secure: true });
  ctx.status = 204;
});

// case: safe (Koa)
router.post('/entered', (ctx) => {
  ctx.cookies.set('enter', randomUUID(), { httpOnly: true, secure: true, sameSite: 'strict' });
  ctx.status = 204;
});

// case: vulnerable (Koa session)
koa.use(koaSession({ key: 'koa.sess', httpOnly: true, secure: false, signed: true }, koa));

// case: safe (Koa session)
koa.use(koaSession({ key: 'koa.sess', httpOnly: true, secure: true, signed: true, sameSite: 'lax' }, koa));

// case: vulnerable (Fastify)
fastify.post('/sign-in', async (request, reply) => {
  reply.setCookie('auth', randomUUID(), { path: '/', secure: false, httpOnly: true });
  return { ok: true };
});

// case: safe (Fastify, options spread from a constant)
fastify.post('/signed-in', async (request, reply) => {
  reply.setCookie('auth', randomUUID(), { ...base, maxAge: 600 });
  return { ok: true };
});

// case: vulnerable (the spread's attribute is overridden)
fastify.post('/signing-in', async (request, reply) => {
  reply.setCookie('auth', randomUUID(), { ...base, httpOnly: false });
  return { ok: true };
});

// case: vulnerable (Fastify session)
fastify.register(fastifySession, { secret: process.env.SEAL as string, cookie: { secure: false, httpOnly: false } });

// case: safe (Fastify plugin with defaults for all cookies)
fastify.register(fastifyCookie, { secret: process.env.SEAL, parseOptions: { httpOnly: true, secure: true } });

@Controller('login')
export class LoginController {
  // case: vulnerable (NestJS, options built step by step)
  @Post()
  login(@Res({ passthrough: true }) res: ExpressResponse) {
    const options: Record<string, unknown> = { path: '/' };
    options.httpOnly = true;
    options.secure = false;
    res.cookie('jwt', randomUUID(), options);
    return { ok: true };
  }

  // case: safe (NestJS, options built step by step)
  @Post('safe')
  enter(@Res({ passthrough: true }) res: ExpressResponse) {
    const options: Record<string, unknown> = { path: '/' };
    options.httpOnly = true;
    options.secure = true;
    res.cookie('jwt', randomUUID(), options);
    return { ok: true };
  }

  // case: safe (header written by hand with the attributes)
  @Post('theme')
  theme(@Req() req: Request, @Res({ passthrough: true }) res: ExpressResponse) {
    const theme = req.body.theme === 'dark' ? 'dark' : 'light';
    res.setHeader('Set-Cookie', 'theme=' + theme + '; Secure; HttpOnly; SameSite=Lax');
    return { theme };
  }
}

// case: vulnerable (Next.js)
export async function POST(request: NextRequest) {
  const jar = await cookies();
  jar.set('session', randomUUID(), { secure: false, httpOnly: true, path: request.nextUrl.pathname });
  return NextResponse.json({ ok: true });
}

// case: safe (Next.js)
export async function PUT(request: NextRequest) {
  const response = NextResponse.json({ url: request.url });
  response.cookies.set('session', randomUUID(), { secure: true, httpOnly: true, sameSite: 'lax' });
  return response;
}

// case: vulnerable (module cookie, attribute missing)
export async function PATCH() {
  const text = serialize('session', randomUUID(), { path: '/', httpOnly: true });
  return new Response(null, { status: 204, headers: { 'Set-Cookie': text } });
}

// case: vulnerable (browser: cookies of scripts are never HttpOnly)
export function keep(token: string): void {
  document.cookie = 'access_token=' + token + '; path=/';
}

// case: safe (reads only)
export async function GET(request: NextRequest) {
  const seen = request.cookies.get('consent')?.value === 'yes';
  return NextResponse.json({ seen });
}

// case: safe (expires at once, which is how a cookie is taken away)
export async function DELETE() {
  const text = serialize('session', '', { ...base, maxAge: 0 });
  return new Response(null, { status: 204, headers: { 'Set-Cookie': text } });
}

koa.use(router.routes());
