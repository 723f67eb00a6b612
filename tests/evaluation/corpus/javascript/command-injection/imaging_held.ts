import { Body, Controller, Get, Headers, Param, ParseIntPipe, Post, Query, UploadedFile, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import * as cp from 'child_process';
import { promisify } from 'util';
import { join } from 'path';

const execAsync = promisify(cp.exec);

interface ResizeRequest {
  file: string;
  width: number;
  format: string;
}

const FORMATS = new Set(['png', 'jpeg', 'webp']);

@Controller('images')
export class ImageController {
  private readonly tool = 'magick';
  private readonly useShell = false;

  // case: vulnerable (decorated body)
  @Post('resize')
  async resize(@Body() request: ResizeRequest) {
    await execAsync(`${this.tool} ${request.file} -resize ${request.width} out.png`);
    return { ok: true };
  }

  // case: safe (pipe turns it into a number or refuses)
  @Get('thumbnail/:width')
  async thumbnail(@Param('width', ParseIntPipe) width: number) {
    const { stdout } = await execAsync('magick logo.png -resize ' + width + ' png:- | base64');
    return stdout;
  }

  // case: vulnerable (private method stands below and holds the sink)
  @Get('identify')
  identify(@Query('name') name: string) {
    return this.describe(join('/srv/images', name));
  }

  private describe(file: string) {
    return cp.execSync('identify ' + file).toString('utf8');
  }

  // case: safe (the method below uses execFile)
  @Get('verbose')
  verbose(@Query('name') name: string) {
    return this.details('./' + name);
  }

  private details(file: string) {
    return cp.execFileSync('identify', ['-verbose', file], { cwd: '/srv/images' }).toString('utf8');
  }

  // case: vulnerable (only double quotes are removed, the shell still reads $( ))
  @Post('caption')
  async caption(@Body('text') text: string) {
    const quoted = '"' + text.replace(/"/g, '') + '"';
    await execAsync('magick logo.png -annotate 0 ' + quoted + ' caption.png');
    return { quoted };
  }

  // case: safe (single quotes closed and escaped the POSIX way)
  @Post('title')
  async title(@Body('text') text: string) {
    const quoted = "'" + String(text).replace(/'/g, "'\\''") + "'";
    await execAsync(`exiftool -Title=${quoted} logo.png`);
    return { quoted };
  }

  // case: vulnerable (the name of the uploaded file)
  @Post('upload')
  @UseInterceptors(FileInterceptor('image'))
  async upload(@UploadedFile() image: Express.Multer.File) {
    const target = image.originalname.toLowerCase();
    cp.exec(`mv ${image.path} /srv/images/${target}`);
    return { target };
  }

  // case: safe (set of formats checked, default otherwise)
  @Post('convert')
  async convert(@Body() request: ResizeRequest) {
    const format = FORMATS.has(request.format) ? request.format : 'png';
    await execAsync(`magick logo.png logo.${format}`);
    return { format };
  }

  // case: vulnerable (array: the value is shifted to the front)
  @Get('flip')
  flip(@Headers('x-image') header: string) {
    const words = ['static.png', header, 'other.png'];
    words.shift();
    return cp.execSync(`magick ${words[0]} -flip out.png`).toString();
  }

  // case: safe (array: the value is shifted away)
  @Get('flop')
  flop(@Headers('x-image') header: string) {
    const words = [header, 'static.png', 'other.png'];
    words.shift();
    return cp.execSync(`magick ${words[0]} -flop out.png`).toString();
  }

  // case: safe (the field is a constant false, so the argument list never meets a shell)
  @Get('rotate')
  rotate(@Query('angle') angle: string) {
    const child = cp.spawn('magick', ['logo.png', '-rotate', String(angle), 'out.png'], { shell: this.useShell });
    return { pid: child.pid };
  }

  // case: vulnerable (base64 round trip)
  @Get('crop')
  crop(@Query('area') area: string) {
    const encoded = Buffer.from(area, 'utf8').toString('base64');
    const decoded = Buffer.from(encoded, 'base64').toString('utf8');
    return cp.execSync('magick logo.png -crop ' + decoded + ' out.png').toString();
  }

  // case: safe (hexadecimal digest of the value cannot carry shell characters)
  @Get('cache')
  cache(@Query('key') key: string) {
    const hex = Buffer.from(String(key), 'utf8').toString('hex');
    return cp.execSync('ls -l /var/cache/images/k' + hex + '.png').toString();
  }
}
