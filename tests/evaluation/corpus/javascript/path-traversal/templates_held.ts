import { Controller, Get, Post, Body, Param, Query, Res, Headers, NotFoundException, ParseIntPipe, StreamableFile } from '@nestjs/common';
import { createReadStream, existsSync, promises as fs, readFileSync, writeFileSync, renameSync } from 'fs';
import { basename, extname, isAbsolute, join, normalize, relative, resolve } from 'path';
import type { Response } from 'express';

const HOME = resolve('/srv/mail/templates');
const PUBLIC_DIR = '/srv/mail/public';
const PRIVATE_DIR = '/srv/mail/public-drafts';

interface Draft {
  name: string;
  text: string;
}

function inside(root: string, candidate: string): string {
  const full = resolve(root, candidate);
  const difference = relative(root, full);
  if (difference === '' || difference.startsWith('..') || isAbsolute(difference)) {
    throw new NotFoundException();
  }
  return full;
}

function below(root: string, candidate: string): string {
  return [root, candidate].join('/');
}

@Controller('templates')
export class TemplateController {
  private readonly strict = true;

  // case: vulnerable
  @Get('raw')
  raw(@Query('name') name: string): string {
    return readFileSync(join(HOME, name), 'utf8');
  }

  // case: safe (helper of this file refuses what leaves the root)
  @Get('checked')
  checked(@Query('name') name: string): string {
    return readFileSync(inside(HOME, name), 'utf8');
  }

  // case: vulnerable (helper of this file only joins)
  @Get('joined')
  joined(@Query('name') name: string): string {
    return readFileSync(below(HOME, name), 'utf8');
  }

  // case: vulnerable (startsWith without separator: the folder of drafts begins alike)
  @Get('public')
  async published(@Query('name') name: string, @Res() res: Response) {
    const file = resolve(PUBLIC_DIR, name);
    if (file.startsWith(PUBLIC_DIR)) {
      res.send(await fs.readFile(file));
    } else {
      res.status(404).send({ drafts: existsSync(PRIVATE_DIR) });
    }
  }

  // case: safe (a number makes the name)
  @Get('numbered/:id')
  numbered(@Param('id', ParseIntPipe) id: number): StreamableFile {
    return new StreamableFile(createReadStream(join(HOME, `template-${id}.html`)));
  }

  // case: vulnerable (the extension is checked, the folder is not)
  @Get('html')
  html(@Query('name') name: string): StreamableFile {
    if (extname(name) !== '.html') {
      throw new NotFoundException();
    }
    return new StreamableFile(createReadStream(HOME + '/' + name));
  }

  // case: vulnerable (writes where the JSON says)
  @Post()
  save(@Body() draft: Draft) {
    writeFileSync(join(HOME, draft.name + '.html'), draft.text);
    return { saved: true };
  }

  // case: safe (pattern for the whole name)
  @Post('strict')
  saveStrict(@Body() draft: Draft) {
    if (typeof draft.name !== 'string' || !/^[\w-]{1,40}$/.test(draft.name)) {
      throw new NotFoundException();
    }
    writeFileSync(join(HOME, draft.name + '.html'), draft.text);
    return { saved: true };
  }

  // case: safe (both names cut to their last part)
  @Post('rename')
  rename(@Body() body: { from: string; to: string }) {
    const [from, to] = [body.from, body.to].map((name) => join(HOME, 'd', basename(name)));
    renameSync(from, to);
    return { to };
  }

  // case: vulnerable (normalize does not keep anything inside)
  @Get('language')
  language(@Headers('accept-language') language: string): string {
    return readFileSync(normalize(`${HOME}/${language}/welcome.html`), 'utf8');
  }

  // case: safe (ternary over a constant field)
  @Get('theme')
  theme(@Query('theme') theme: string): string {
    const chosen = this.strict ? 'plain' : theme;
    return readFileSync(join(HOME, chosen, 'theme.css'), 'utf8');
  }

  // case: safe (normalised, then leading parent parts cut)
  @Get('partial')
  partial(@Query('name') name: string): string {
    const rest = normalize('/' + name).replace(/^(\.\.(\/|$))+/, '');
    return readFileSync(join(HOME, rest), 'utf8');
  }

  // case: safe (the name only makes the header of the answer, the file is constant)
  @Get('export')
  export(@Query('as') as: string, @Res() res: Response) {
    res.attachment(basename(as));
    createReadStream(join(HOME, 'all.zip')).pipe(res);
  }
}
