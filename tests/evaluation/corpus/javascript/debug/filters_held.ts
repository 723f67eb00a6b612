import { ArgumentsHost, Catch, ExceptionFilter, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ApolloDriver, ApolloDriverConfig } from '@nestjs/apollo';
import Fastify from 'fastify';
import Koa from 'koa';
import errorhandler from 'errorhandler';
import express from 'express';
import inspector from 'node:inspector';
import http from 'node:http';
import type { NextApiRequest, NextApiResponse } from 'next';

// case: vulnerable (NestJS filter with the stack)
@Catch()
export class OpenFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse();
    response.status(500).json({ message: error.message, trace: error.stack });
  }
}

// case: safe (NestJS filter without)
@Catch()
export class QuietFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse();
    console.error(error.stack);
    response.status(500).json({ message: 'internal error' });
  }
}

// case: vulnerable (Fastify)
export const fastify = Fastify();
fastify.setErrorHandler((error, request, reply) => {
  const details = { url: request.url, stack: error.stack };
  reply.code(500).send(details);
});

// case: safe (Fastify)
export const quiet = Fastify();
quiet.setErrorHandler((error, request, reply) => {
  request.log.error(error);
  reply.code(500).send({ error: 'internal' });
});

// case: vulnerable (Koa)
export const koa = new Koa();
koa.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.status = 500;
    ctx.body = `<pre>${(error as Error).stack}</pre>`;
  }
});

// case: vulnerable (GraphQL of NestJS)
@Module({
  imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, includeStacktraceInErrorResponses: true })],
})
export class GraphModule {}

// case: safe (module for development, mounted in development only)
export const app = express();
if (app.get('env') === 'development') {
  app.use(errorhandler({ log: true }));
}

// case: vulnerable (debugger on all addresses, port from the environment)
export function attach(): void {
  const port = Number(process.env.INSPECT_PORT ?? 9229);
  inspector.open(port, '0.0.0.0');
}

// case: safe (Next.js: message of our own)
export default function handler(req: NextApiRequest, res: NextApiResponse) {
  try {
    res.status(200).json(JSON.parse(req.body));
  } catch {
    res.status(400).json({ error: 'body is not JSON' });
  }
}

// case: vulnerable (Node core)
export const server = http.createServer((req, res) => {
  try {
    res.end(decodeURIComponent(req.url ?? ''));
  } catch (error) {
    res.statusCode = 500;
    res.end((error as Error).stack);
  }
});

// case: safe (stack is kept with the error's number, the number is shown)
export const numbered = http.createServer((req, res) => {
  const stacks = new Map<number, string | undefined>();
  try {
    res.end(decodeURIComponent(req.url ?? ''));
  } catch (error) {
    const id = Date.now();
    stacks.set(id, (error as Error).stack);
    res.statusCode = 500;
    res.end(`error ${id}`);
  }
});
