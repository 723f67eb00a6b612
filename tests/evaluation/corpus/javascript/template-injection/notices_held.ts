import Koa from 'koa';
import Router from '@koa/router';
import { Body, Controller, Get, Headers, Post } from '@nestjs/common';
import Handlebars from 'handlebars';
import doT from 'dot';
import { Eta } from 'eta';
import ejs from 'ejs';
import Mustache from 'mustache';
import nunjucks from 'nunjucks';

const router = new Router();
const eta = new Eta();
const environment = new nunjucks.Environment(null, { autoescape: true });
const CUSTOM = false;

function frame(text: string): string {
  return '<section>' + text + '</section>';
}

@Controller('notices')
export class NoticeController {
  // case: vulnerable (Handlebars, helper of this file frames it)
  @Post()
  notice(@Body() body: { text: string }) {
    const template = Handlebars.compile(frame(body.text));
    return template({ shop: 'Example' });
  }

  // case: safe (Handlebars, helper frames a constant)
  @Post('plain')
  plain(@Body() body: { text: string }) {
    const template = Handlebars.compile(frame('{{text}}'));
    return template({ text: body.text });
  }

  // case: vulnerable (doT)
  @Get('banner')
  banner(@Headers('x-banner') banner: string) {
    const render = doT.template('<b>{{=it.name}}</b>' + banner);
    return render({ name: 'Example' });
  }

  // case: safe (constant flag)
  @Get('footer')
  footer(@Headers('x-footer') footer: string) {
    const source = CUSTOM ? footer : '<i>{{=it.name}}</i>';
    return doT.template(source)({ name: 'Example' });
  }
}

// case: vulnerable (Eta)
router.post('/notices', (ctx) => {
  const { template } = ctx.request.body as { template: string };
  ctx.body = eta.renderString(template, { user: 'Ada' });
});

// case: vulnerable (only one kind of tag is removed, once)
router.post('/notices/cleaned', (ctx) => {
  const { template } = ctx.request.body as { template: string };
  const cleaned = template.replace('<%-', '');
  ctx.body = ejs.compile(cleaned)({ user: 'Ada' });
});

// case: safe (letters, digits and spaces only)
router.post('/notices/letters', (ctx) => {
  const { title } = ctx.request.body as { title: string };
  const cleaned = String(title).replace(/[^\w ]/g, '');
  ctx.body = environment.renderString('<h1>' + cleaned + '</h1>{{ date }}', { date: new Date() });
});

// case: safe (Mustache without code, constant template)
router.post('/notices/mustache', (ctx) => {
  ctx.body = Mustache.render('<p>{{text}}</p>', ctx.request.body);
});

export const app = new Koa().use(router.routes());
