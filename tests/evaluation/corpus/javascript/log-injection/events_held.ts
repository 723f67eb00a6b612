import { Body, Controller, Get, Headers, Logger, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import Koa from 'koa';
import Router from '@koa/router';
import winston from 'winston';
import bunyan from 'bunyan';
import { createWriteStream } from 'node:fs';

const router = new Router();
const lines = winston.createLogger({
  format: winston.format.simple(),
  transports: [new winston.transports.Console()],
});
const json = winston.createLogger({ format: winston.format.json(), transports: [new winston.transports.Console()] });
const records = bunyan.createLogger({ name: 'events' });
const file = createWriteStream('/var/log/shop/events.log', { flags: 'a' });

@Controller('events')
export class EventController {
  private readonly logger = new Logger(EventController.name);

  // case: vulnerable (NestJS logger)
  @Get()
  list(@Query('filter') filter: string) {
    this.logger.log('events filtered by ' + filter);
    return [];
  }

  // case: safe (NestJS logger, identifier is a UUID)
  @Get(':id')
  one(@Param('id', ParseUUIDPipe) id: string) {
    this.logger.log('event ' + id);
    return { id };
  }

  // case: vulnerable (private method holds the logger)
  @Post()
  create(@Body() body: { title: string }) {
    this.note(`created ${body.title}`);
    return { ok: true };
  }

  private note(message: string): void {
    this.logger.warn(message);
  }

  // case: safe (the length is logged, not the value)
  @Post('draft')
  draft(@Body() body: { title: string }, @Headers('user-agent') agent: string) {
    this.logger.log(`draft of ${String(body.title).length} characters, agent of ${String(agent).length}`);
    return { ok: true };
  }
}

// case: vulnerable (stream written by hand; header decoded)
router.get('/referer', (ctx) => {
  const referer = decodeURIComponent(ctx.get('X-Referer'));
  file.write('referer ' + referer + '\n');
  ctx.status = 204;
});

// case: safe (stream written by hand, one JSON text a line)
router.get('/referer/json', (ctx) => {
  const referer = decodeURIComponent(ctx.get('X-Referer'));
  file.write(JSON.stringify({ referer }) + '\n');
  ctx.status = 204;
});

// case: vulnerable (format without JSON)
router.post('/consent', (ctx) => {
  const { name } = ctx.request.body as { name: string };
  lines.log('info', `consent by ${name}`);
  ctx.status = 204;
});

// case: safe (format with JSON, value as a field)
router.post('/consent/json', (ctx) => {
  const { name } = ctx.request.body as { name: string };
  json.info('consent', { name });
  ctx.status = 204;
});

// case: vulnerable (placeholder does not quote)
router.post('/vote', (ctx) => {
  const { choice } = ctx.request.body as { choice: string };
  console.warn('vote for %s', choice);
  ctx.status = 204;
});

// case: safe (bunyan writes records of JSON)
router.post('/vote/record', (ctx) => {
  const { choice } = ctx.request.body as { choice: string };
  records.info({ choice }, 'vote');
  ctx.status = 204;
});

export const app = new Koa().use(router.routes());
