import { Body, Controller, Get, Headers, Injectable, Param, Post, Query, BadRequestException } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { NextRequest, NextResponse } from 'next/server';
import { request as undiciRequest } from 'undici';
import puppeteer from 'puppeteer';
import got from 'got';
import * as net from 'node:net';
import { z } from 'zod';

const PARTNERS = ['https://one.partner.example', 'https://two.partner.example'];

const Input = z.object({
  partner: z.enum(['one', 'two']),
  page: z.number().int().min(1).max(99),
});

@Injectable()
export class Links {
  constructor(protected readonly http: HttpService) {}

  protected clean(link: string): string {
    return link.trim();
  }

  protected fallback(link: string): string {
    return link.length > 0 ? 'https://preview.example.com/' : 'https://preview.example.com/empty';
  }
}

@Controller('previews')
export class PreviewController extends Links {
  // case: vulnerable (HttpService)
  @Get()
  async preview(@Query('link') link: string) {
    const answer = await firstValueFrom(this.http.get(link));
    return answer.data;
  }

  // case: vulnerable (inherited helper trims)
  @Get('trimmed')
  async trimmed(@Query('link') link: string) {
    const answer = await firstValueFrom(this.http.get(this.clean(link)));
    return answer.data;
  }

  // case: safe (inherited helper returns one of two constants)
  @Get('fallback')
  async neutral(@Query('link') link: string) {
    const answer = await firstValueFrom(this.http.get(this.fallback(link)));
    return answer.data;
  }

  // case: safe (origin must be one of the partners', error otherwise)
  @Post('partner')
  async partner(@Body('link') link: string) {
    const url = new URL(link);
    if (!PARTNERS.includes(url.origin)) {
      throw new BadRequestException('partner');
    }
    return got(url, { followRedirect: false }).text();
  }

  // case: vulnerable (the error is made, but not thrown)
  @Post('anyone')
  async anyone(@Body('link') link: string) {
    const url = new URL(link);
    if (!PARTNERS.includes(url.origin)) {
      new BadRequestException('partner');
    }
    return got(url).text();
  }

  // case: vulnerable (browser without a screen visits it)
  @Post('screenshot')
  async screenshot(@Body() body: { address: string }) {
    const browser = await puppeteer.launch();
    const page = await browser.newPage();
    await page.goto(body.address);
    return page.screenshot();
  }

  // case: safe (enumeration and number by a schema)
  @Post('page')
  async page(@Body() body: unknown) {
    const { partner, page } = Input.parse(body);
    const answer = await undiciRequest(`https://${partner}.partner.example/pages/${page}`);
    return answer.body.json();
  }

  // case: vulnerable (socket to host and port of the path)
  @Get('port/:host/:port')
  probe(@Param('host') host: string, @Param('port') port: string) {
    const socket = net.connect(Number(port), host);
    return new Promise((resolve) => socket.once('connect', () => resolve({ open: true })));
  }

  // case: safe (the link is only measured)
  @Get('length')
  async length(@Query('link') link: string) {
    const answer = await undiciRequest('https://preview.example.com/limits');
    return { length: link.length, status: answer.statusCode };
  }

  // case: safe (the callback's address goes into the JSON that a fixed host receives)
  @Post('report')
  async report(@Body('link') link: string, @Headers('x-user') user: string) {
    const answer = await fetch('https://reports.example.com/links', {
      method: 'POST',
      body: JSON.stringify({ link, user }),
    });
    return { status: answer.status };
  }
}

// case: vulnerable (Next.js: the image's address)
export async function GET(request: NextRequest) {
  const source = request.nextUrl.searchParams.get('src');
  const answer = await fetch(source as string);
  return new NextResponse(answer.body);
}

// case: safe (Next.js: map's other entry)
export async function POST(request: NextRequest) {
  const { source } = await request.json();
  const targets = new Map<string, string>([
    ['given', source],
    ['own', 'https://static.example.com/logo.png'],
  ]);
  const answer = await fetch(targets.get('own') as string);
  return new NextResponse(answer.body);
}
