import { NestFactory } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import Fastify from 'fastify';
import fastifyCors from '@fastify/cors';
import Koa from 'koa';
import koaCors from '@koa/cors';
import express from 'express';
import { NextRequest, NextResponse } from 'next/server';
import { Module } from '@nestjs/common';

@Module({})
class AppModule {}

const fastify = Fastify();
const koa = new Koa();
const router = express.Router();
const SITE = 'https://www.example.com';
const TRUSTED = new Set([SITE, 'https://shop.example.com']);

// case: vulnerable (NestJS)
export async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.enableCors({ origin: true, credentials: true });
  await app.listen(3000);
}

// case: safe (NestJS)
export async function bootstrapSite() {
  const app = await NestFactory.create(AppModule);
  app.enableCors({ origin: [SITE], credentials: true });
  await app.listen(3000);
}

// case: vulnerable (Fastify, options in a constant)
const reflecting = { origin: true, credentials: true };
fastify.register(fastifyCors, reflecting);

// case: safe (Fastify, pattern with anchors and escaped dots)
fastify.register(fastifyCors, { origin: /^https:\/\/[a-z]+\.example\.com$/, credentials: true });

// case: vulnerable (Koa, function returns what the request says)
koa.use(koaCors({ origin: (ctx) => ctx.get('Origin'), credentials: true }));

// case: safe (Koa, function returns a constant)
koa.use(koaCors({ origin: (ctx) => (ctx.path.startsWith('/admin') ? 'https://admin.example.com' : SITE), credentials: true }));

// case: vulnerable (Next.js)
export async function GET(request: NextRequest) {
  const origin = request.headers.get('origin') ?? '*';
  return NextResponse.json({ ok: true }, {
    headers: { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' },
  });
}

// case: safe (Next.js, set of origins, early answer)
export async function POST(request: NextRequest) {
  const origin = request.headers.get('origin') ?? '';
  if (!TRUSTED.has(origin)) {
    return new NextResponse(null, { status: 403 });
  }
  return NextResponse.json({ ok: true }, {
    headers: { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' },
  });
}

// case: vulnerable (endsWith: https://notexample.com)
router.use((req, res, next) => {
  const origin = req.get('Origin') ?? '';
  if (origin.endsWith('example.com')) {
    res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' });
  }
  next();
});

// case: safe (gateway of NestJS with one origin)
@WebSocketGateway({ cors: { origin: SITE, credentials: true } })
export class Gateway {}

export { koa, router };
