import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloDriver, ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { Module } from '@nestjs/common';
import Fastify from 'fastify';
import fastifyCsrf from '@fastify/csrf-protection';
import fastifyCookie from '@fastify/cookie';
import csurf from 'csurf';
import lusca from 'lusca';
import express from 'express';

const CHECK = false;
const methods = ['GET', 'HEAD', 'OPTIONS'];

// case: vulnerable (NestJS with GraphQL)
@Module({
  imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, csrfPrevention: false })],
})
export class OpenGraphModule {}

// case: safe (NestJS with GraphQL, a list of headers)
@Module({
  imports: [
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      csrfPrevention: { requestHeaders: ['x-shop-client'] },
      plugins: [ApolloServerPluginLandingPageDisabled()],
    }),
  ],
})
export class GraphModule {}

// case: vulnerable (SvelteKit's configuration)
export const svelte = {
  kit: {
    csrf: { checkOrigin: false },
  },
};

// case: safe (SvelteKit's configuration)
export const svelteChecked = {
  kit: {
    csrf: { checkOrigin: true },
  },
};

// case: vulnerable (Egg's configuration)
export default () => {
  const config: Record<string, unknown> = {};
  config.security = { csrf: { enable: false } };
  return config;
};

// case: safe (Egg's configuration)
export const eggChecked = () => {
  const config: Record<string, unknown> = {};
  config.security = { csrf: { enable: true, headerName: 'x-csrf-token' } };
  return config;
};

// case: vulnerable (value of a constant)
export const bank = express();
bank.use(lusca({ csrf: CHECK, hsts: { maxAge: 31536000 } }));

// case: safe (list of methods in a constant)
export const shop = express();
shop.use(csurf({ cookie: true, ignoreMethods: methods }));

// case: safe (Fastify, hook on the route)
export const fastify = Fastify();
fastify.register(fastifyCookie);
fastify.register(fastifyCsrf, { cookieOpts: { httpOnly: true, secure: true } });
fastify.after(() => {
  fastify.post('/transfer', { preHandler: fastify.csrfProtection }, async (request) => request.body);
});

// case: vulnerable (list of methods, with those that change something)
export const forum = express();
forum.use(csurf({ cookie: true, ignoreMethods: [...methods, 'POST', 'PUT', 'DELETE'] }));
