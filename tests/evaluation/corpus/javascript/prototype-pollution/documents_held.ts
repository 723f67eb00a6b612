import Koa from 'koa';
import Router from '@koa/router';
import { WebSocketServer } from 'ws';
import { Body, Controller, Param, Patch, Post } from '@nestjs/common';

const router = new Router();
const sockets = new WebSocketServer({ port: 9400 });

type Tree = { [key: string]: any };

const documents: Tree = {};
const bare: Tree = Object.create(null);

// case: vulnerable (websocket: two keys)
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { document, field, value } = JSON.parse(data.toString());
    documents[document][field] = value;
  });
});

// case: safe (websocket: nested maps)
const store = new Map<string, Map<string, unknown>>();
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { document, field, value } = JSON.parse(data.toString());
    const fields = store.get(document) ?? new Map<string, unknown>();
    fields.set(field, value);
    store.set(document, fields);
  });
});

// case: vulnerable (recursion over entries; arrow function)
router.post('/documents', (ctx) => {
  const deep = (into: Tree, from: Tree): Tree => {
    Object.entries(from).forEach(([key, value]) => {
      if (value instanceof Object && key in into) {
        deep(into[key], value);
      } else {
        into[key] = value;
      }
    });
    return into;
  };
  ctx.body = deep(documents, JSON.parse((ctx.request as any).rawBody));
});

// case: safe (what is merged is written in the source)
router.post('/documents/defaults', (ctx) => {
  const deep = (into: Tree, from: Tree): Tree => {
    Object.entries(from).forEach(([key, value]) => {
      if (value instanceof Object && key in into) {
        deep(into[key], value);
      } else {
        into[key] = value;
      }
    });
    return into;
  };
  ctx.body = deep(documents, { page: { margin: 2 }, title: 'untitled' });
});

@Controller('documents')
export class DocumentController {
  private readonly fields = ['title', 'margin'];

  // case: vulnerable (reduce over a dotted name)
  @Patch(':name')
  patch(@Param('name') name: string, @Body() body: { value: unknown }) {
    const keys = name.split('.');
    const last = keys.pop() as string;
    const node = keys.reduce((tree: Tree, key) => (tree[key] ??= {}), documents);
    node[last] = body.value;
    return { name };
  }

  // case: safe (both keys compared with what we have)
  @Patch(':name/:field')
  set(@Param('name') name: string, @Param('field') field: string, @Body() body: { value: string }) {
    if (!Object.hasOwn(documents, name) || !this.fields.includes(field)) {
      return { changed: false };
    }
    documents[name][field] = String(body.value);
    return { changed: true };
  }

  // case: vulnerable (private method stands below)
  @Post('import')
  import(@Body() body: Tree) {
    return this.assign(documents, body);
  }

  private assign(target: Tree, source: Tree): Tree {
    for (const key of Object.keys(source)) {
      if (source[key] && typeof source[key] === 'object') {
        target[key] = this.assign(target[key] ?? {}, source[key]);
      } else {
        target[key] = source[key];
      }
    }
    return target;
  }

  // case: safe (objects without prototype, private method stands below)
  @Post('replace')
  replace(@Body() body: Tree) {
    return this.copy(body);
  }

  private copy(source: Tree): Tree {
    const target: Tree = Object.create(null);
    for (const key of Object.keys(source)) {
      target[key] = source[key] && typeof source[key] === 'object' ? this.copy(source[key]) : source[key];
    }
    return target;
  }
}

// case: safe (one key into an object without prototype)
router.put('/bare/:name', (ctx) => {
  bare[ctx.params.name] = ctx.request.body;
  ctx.status = 204;
});

// case: safe (numbers as keys)
router.put('/rows/:row/:column', (ctx) => {
  const row = Number.parseInt(ctx.params.row, 10) || 0;
  const column = Number.parseInt(ctx.params.column, 10) || 0;
  const table: number[][] = [[0, 0], [0, 0]];
  (table[row] ??= [])[column] = 1;
  ctx.body = table;
});

export const app = new Koa().use(router.routes());
