import React, { useEffect } from 'react';
import http from 'node:http';
import Koa from 'koa';
import Router from '@koa/router';
import Fastify from 'fastify';
import { Controller, Get, Query, Redirect, Res } from '@nestjs/common';
import { NextRequest, NextResponse } from 'next/server';
import { redirect } from 'next/navigation';
import type { GetServerSideProps } from 'next';
import type { Response } from 'express';

const router = new Router();
const fastify = Fastify();
const SITE = 'https://www.example.com';

// case: vulnerable (Koa)
router.get('/continue', (ctx) => {
  const target = ctx.query.continue as string;
  ctx.redirect(target);
});

// case: safe (Koa: back to the Referer's path only within our origin, by full address)
router.get('/back', (ctx) => {
  const target = new URL(ctx.get('Referer') || '/', SITE);
  ctx.redirect(target.origin === SITE ? target.href : SITE + '/');
});

// case: vulnerable (origin is compared, but the path alone may begin with two slashes)
router.get('/resume', (ctx) => {
  const target = new URL(String(ctx.query.to), SITE);
  ctx.redirect(target.origin === SITE ? target.pathname : '/');
});

// case: vulnerable (Fastify, list of the query)
fastify.get('/after', async (request, reply) => {
  const { after } = request.query as { after: string | string[] };
  const targets = ['/home'].concat(after);
  return reply.redirect(targets[targets.length - 1]);
});

// case: safe (Fastify, the site's address stands in front and the path begins with a slash)
fastify.get('/docs', async (request, reply) => {
  const { page } = request.query as { page: string };
  return reply.redirect(SITE + '/docs/' + page);
});

@Controller('jump')
export class JumpController {
  // case: vulnerable (NestJS takes the address from the returned object)
  @Get()
  @Redirect()
  jump(@Query('url') url: string) {
    return { url, statusCode: 302 };
  }

  // case: safe (NestJS, number in the path)
  @Get('article')
  article(@Query('id') id: string, @Res() res: Response) {
    res.redirect('/articles/' + Number.parseInt(id, 10));
  }
}

// case: vulnerable (Next.js, middleware with a check that only looks for http)
export function middleware(request: NextRequest) {
  const target = request.nextUrl.searchParams.get('from') ?? '/';
  if (target.startsWith('http:')) {
    return NextResponse.next();
  }
  return NextResponse.redirect(new URL(target, request.url));
}

// case: safe (Next.js, constant path, the value becomes a search parameter)
export function POST(request: NextRequest) {
  const login = new URL('/login', SITE);
  login.searchParams.set('from', request.nextUrl.pathname);
  return NextResponse.redirect(login);
}

// case: vulnerable (Next.js page properties)
export const getServerSideProps: GetServerSideProps = async (context) => {
  const destination = context.query.destination as string;
  return { redirect: { destination, permanent: false } };
};

// case: vulnerable (browser: address from a parameter)
export function Leave() {
  useEffect(() => {
    const target = new URLSearchParams(window.location.search).get('target');
    if (target) {
      window.location.href = target;
    }
  }, []);
  return <p>One moment</p>;
}

// case: safe (browser: only another fragment)
export function Tabs() {
  useEffect(() => {
    const tab = new URLSearchParams(window.location.search).get('tab');
    window.location.hash = encodeURIComponent(tab ?? 'first');
  }, []);
  return <p>Tabs</p>;
}

// case: safe (one of two words, else the start page)
export async function GET(request: NextRequest) {
  const area = request.nextUrl.searchParams.get('area');
  if (area === 'shop' || area === 'blog') {
    redirect('/' + area);
  }
  redirect('/');
}

// case: vulnerable (Node core, address taken apart by hand)
http
  .createServer((req, res) => {
    const after = decodeURIComponent((req.url ?? '').split('?goto=')[1] ?? '/');
    res.writeHead(302, { Location: after });
    res.end();
  })
  .listen(3005);

export const koa = new Koa().use(router.routes());
