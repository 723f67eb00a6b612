import { BadRequestException, Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Model, sanitizeFilter } from 'mongoose';
import { Collection, Db } from 'mongodb';
import neo4j from 'neo4j-driver';
import { DynamoDBClient, ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import Koa from 'koa';
import Router from '@koa/router';

const router = new Router();
const driver = neo4j.driver('neo4j://graph.internal');
const dynamo = new DynamoDBClient({});
declare const db: Db;

const Login = z.object({ serial: z.string().max(40), secret: z.string().max(80) });

interface Device {
  serial: string;
  secret: string;
  owner?: string;
}

function text(value: unknown): string {
  if (typeof value !== 'string') {
    throw new BadRequestException();
  }
  return value;
}

@Controller('devices')
export class DeviceController {
  private readonly devices: Collection<Device> = db.collection<Device>('devices');

  constructor(@InjectModel('Device') private readonly model: Model<Device>) {}

  // case: vulnerable (types of TypeScript do not exist at run time)
  @Post('login')
  login(@Body() body: Device) {
    return this.devices.findOne({ serial: body.serial, secret: body.secret });
  }

  // case: safe (schema lets strings pass only)
  @Post('login/schema')
  loginSchema(@Body() body: unknown) {
    const { serial, secret } = Login.parse(body);
    return this.devices.findOne({ serial, secret });
  }

  // case: vulnerable (Mongoose with the object of the body)
  @Post('update')
  update(@Body() body: { filter: Record<string, unknown>; owner: string }) {
    return this.model.updateMany(body.filter, { $set: { owner: String(body.owner) } });
  }

  // case: safe (sanitised filter)
  @Post('find')
  find(@Body() body: { serial: string }) {
    return this.model.findOne(sanitizeFilter({ serial: body.serial }));
  }

  // case: safe (helper of this file throws on anything but a string)
  @Post('owner')
  owner(@Body() body: Device) {
    return this.model.findOne({ owner: text(body.owner) });
  }

  // case: vulnerable ($where with a template literal)
  @Get('named')
  named(@Query('name') name: string) {
    return this.model.find({ $where: `this.name.startsWith('${name}')` });
  }

  // case: vulnerable (Mongoose's $where method)
  @Get('marked')
  marked(@Query('mark') mark: string) {
    return this.model.find().$where('this.marks.indexOf("' + mark + '") >= 0');
  }

  // case: safe (path's part)
  @Get(':serial')
  bySerial(@Param('serial') serial: string) {
    return this.model.findOne({ serial });
  }
}

// case: vulnerable (Cypher put together)
router.get('/graph', async (ctx) => {
  const session = driver.session();
  const result = await session.run("MATCH (d:Device {name: '" + ctx.query.name + "'}) RETURN d");
  ctx.body = result.records.length;
});

// case: safe (Cypher with a parameter)
router.get('/graph/bound', async (ctx) => {
  const session = driver.session();
  const result = await session.run('MATCH (d:Device {name: $name}) RETURN d', { name: String(ctx.query.name) });
  ctx.body = result.records.length;
});

// case: vulnerable (PartiQL put together)
router.get('/ledger', async (ctx) => {
  const Statement = `SELECT * FROM "Ledger" WHERE account = '${ctx.query.account}'`;
  ctx.body = await dynamo.send(new ExecuteStatementCommand({ Statement }));
});

// case: safe (PartiQL with a parameter)
router.get('/ledger/bound', async (ctx) => {
  const Parameters = [{ S: String(ctx.query.account) }];
  ctx.body = await dynamo.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM "Ledger" WHERE account = ?', Parameters }));
});

// case: safe (object with both, the constant is used)
router.post('/status', async (ctx) => {
  const values = { wanted: ctx.request.body, status: 'active' };
  ctx.body = await db.collection('devices').countDocuments({ status: values.status });
});

export const app = new Koa().use(router.routes());
