import { createWriteStream, mkdirSync, promises as fs } from 'node:fs';
import { basename, dirname, join, normalize, relative, resolve } from 'node:path';
import JSZip from 'jszip';
import AdmZip from 'adm-zip';
import StreamZip from 'node-stream-zip';
import unzipper from 'unzipper';
import * as tar from 'tar';
import tarStream from 'tar-stream';
import { Controller, Post, UploadedFile } from '@nestjs/common';

const PLUGINS = resolve('/srv/plugins');

function place(name: string): string {
  const target = join(PLUGINS, name);
  const inside = relative(PLUGINS, target);
  if (inside.startsWith('..') || inside === '') {
    throw new Error('entry leaves the folder');
  }
  mkdirSync(dirname(target), { recursive: true });
  return target;
}

function spot(name: string): string {
  const target = join(PLUGINS, normalize(name));
  mkdirSync(dirname(target), { recursive: true });
  return target;
}

@Controller('plugins')
export class PluginController {
  // case: vulnerable (name as it stands in the archive)
  @Post('zip')
  async zip(@UploadedFile() file: Express.Multer.File) {
    const archive = await JSZip.loadAsync(file.buffer);
    for (const entry of Object.values(archive.files)) {
      await fs.writeFile(join(PLUGINS, entry.unsafeOriginalName ?? entry.name), await entry.async('nodebuffer'));
    }
    return { ok: true };
  }

  // case: safe (helper of this file refuses what leaves the folder)
  @Post('zip/placed')
  async placed(@UploadedFile() file: Express.Multer.File) {
    const archive = new AdmZip(file.buffer);
    for (const entry of archive.getEntries()) {
      await fs.writeFile(place(entry.entryName), entry.getData());
    }
    return { ok: true };
  }

  // case: vulnerable (helper of this file only normalises)
  @Post('zip/spotted')
  async spotted(@UploadedFile() file: Express.Multer.File) {
    const archive = new AdmZip(file.buffer);
    for (const entry of archive.getEntries()) {
      await fs.writeFile(spot(entry.entryName), entry.getData());
    }
    return { ok: true };
  }

  // case: vulnerable (the module's own check of names is switched off)
  @Post('zip/large')
  async large(@UploadedFile() file: Express.Multer.File) {
    const archive = new StreamZip.async({ file: file.path, skipEntryNameValidation: true });
    for (const entry of Object.values(await archive.entries())) {
      await fs.writeFile(join(PLUGINS, entry.name), await archive.entryData(entry));
    }
    return { ok: true };
  }

  // case: safe (read into memory only)
  @Post('manifest')
  async manifest(@UploadedFile() file: Express.Multer.File) {
    const archive = await JSZip.loadAsync(file.buffer);
    const text = await archive.file('manifest.json')?.async('string');
    return JSON.parse(text ?? '{}');
  }

  // case: vulnerable (listing with a writer)
  @Post('tar')
  tar(@UploadedFile() file: Express.Multer.File) {
    tar.t({
      file: file.path,
      sync: true,
      onentry: (entry) => entry.pipe(createWriteStream(join(PLUGINS, String(entry.path)))),
    });
    return { ok: true };
  }

  // case: safe (unpacked by the module, which refuses parents)
  @Post('tar/unpack')
  async unpack(@UploadedFile() file: Express.Multer.File) {
    await tar.extract({ file: file.path, cwd: PLUGINS, preservePaths: false, strict: true });
    return { ok: true };
  }

  // case: safe (wanted entry has a constant name)
  @Post('tar/readme')
  readme(@UploadedFile() file: Express.Multer.File) {
    const extract = tarStream.extract();
    extract.on('entry', (header, stream, next) => {
      if (header.name === 'README.md') {
        stream.pipe(createWriteStream(join(PLUGINS, 'README.md')));
      }
      stream.on('end', next);
      stream.resume();
    });
    extract.end(file.buffer);
    return { name: basename(file.originalname) };
  }

  // case: vulnerable (two dots at the beginning are looked for, not within)
  @Post('zip/dots')
  async dots(@UploadedFile() file: Express.Multer.File) {
    const directory = await unzipper.Open.buffer(file.buffer);
    for (const entry of directory.files) {
      if (!entry.path.startsWith('..')) {
        await fs.writeFile(PLUGINS + '/' + entry.path, await entry.buffer());
      }
    }
    return { ok: true };
  }
}
