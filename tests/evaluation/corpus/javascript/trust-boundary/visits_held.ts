import { BadRequestException, Body, Controller, Get, Param, Post, Query, Req, Session } from '@nestjs/common';
import Koa from 'koa';
import Router from '@koa/router';
import koaSession from 'koa-session';
import Fastify from 'fastify';
import { getIronSession } from 'iron-session';
import { cookies } from 'next/headers';
import { NextRequest, NextResponse } from 'next/server';
import { z } from 'zod';
import type { Request } from 'express';

const koa = new Koa();
const router = new Router();
const fastify = Fastify();
const Currency = z.enum(['EUR', 'USD', 'CNY']);

interface Visit {
  user?: string;
  basket?: string[];
  currency?: string;
  [key: string]: unknown;
}

declare const users: { byToken(token: string): Promise<{ id: number; role: string } | null> };

@Controller('visits')
export class VisitController {
  private readonly trusting = false;

  // case: vulnerable (session injected by NestJS)
  @Post('user')
  user(@Session() session: Visit, @Body() body: { user: string }) {
    session.user = body.user;
    return { ok: true };
  }

  // case: safe (what our own store says about the token)
  @Post('login')
  async login(@Session() session: Visit, @Body() body: { token: string }) {
    const found = await users.byToken(String(body.token));
    if (!found) {
      throw new BadRequestException();
    }
    session.user = String(found.id);
    session.role = found.role;
    return { ok: true };
  }

  // case: vulnerable (session of the request object)
  @Get('campaign')
  campaign(@Req() request: Request, @Query('campaign') campaign: string) {
    const state = request.session as unknown as Visit;
    state.campaign = campaign;
    return { ok: true };
  }

  // case: safe (constant field: the parameter is not used)
  @Get('plan/:plan')
  plan(@Session() session: Visit, @Param('plan') plan: string) {
    session.plan = this.trusting ? plan : 'free';
    return { ok: true };
  }
}

// case: vulnerable (Koa)
router.post('/basket', (ctx) => {
  const { items } = ctx.request.body as { items: string[] };
  ctx.session!.basket = items;
  ctx.status = 204;
});

// case: safe (Koa: schema throws on anything but three words)
router.post('/currency', (ctx) => {
  const { currency } = ctx.request.body as { currency: string };
  ctx.session!.currency = Currency.parse(currency);
  ctx.status = 204;
});

// case: vulnerable (Koa: new session object with the query's value)
router.get('/shop', (ctx) => {
  const shop = String(ctx.query.shop).trim();
  ctx.session = { shop, since: Date.now() };
  ctx.status = 204;
});

// case: safe (Koa: new session object with our own values)
router.get('/shops', (ctx) => {
  const shop = ctx.query.shop ? 'chosen' : 'default';
  ctx.session = { shop, since: Date.now() };
  ctx.status = 204;
});

// case: vulnerable (Fastify's setter)
fastify.post('/address', async (request, reply) => {
  const { address } = request.body as { address: string };
  const session = (request as unknown as { session: { set(key: string, value: unknown): void } }).session;
  session.set('address', address);
  return reply.code(204).send();
});

// case: vulnerable (setter with the visitor's key)
fastify.post('/option', async (request, reply) => {
  const { name } = request.body as { name: string };
  const { session } = request as unknown as { session: { set(key: string, value: unknown): void } };
  session.set(name, true);
  return reply.code(204).send();
});

// case: vulnerable (Next.js with iron-session)
export async function POST(request: NextRequest) {
  const session = await getIronSession<Visit>(await cookies(), { password: process.env.SEAL as string, cookieName: 'v' });
  const { user } = await request.json();
  session.user = user;
  await session.save();
  return NextResponse.json({ user });
}

// case: safe (Next.js: time of our own clock)
export async function PUT(request: NextRequest) {
  const session = await getIronSession<Visit>(await cookies(), { password: process.env.SEAL as string, cookieName: 'v' });
  const { user } = await request.json();
  session.last = new Date().toISOString();
  await session.save();
  return NextResponse.json({ user });
}

// case: safe (list of both, the constant is stored)
router.post('/first', (ctx) => {
  const { name } = ctx.request.body as { name: string };
  const names = ['visitor', name];
  ctx.session!.name = names[0];
  ctx.status = 204;
});

koa.use(koaSession({}, koa)).use(router.routes());
