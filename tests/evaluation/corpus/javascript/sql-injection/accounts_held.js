'use strict';

const Koa = require('koa');
const Router = require('@koa/router');
const mysql = require('mysql');
const sqlite3 = require('sqlite3');
const mssql = require('mssql');
const { Client } = require('pg');

const app = new Koa();
const router = new Router({ prefix: '/accounts' });
const connection = mysql.createConnection(process.env.MYSQL_URL);
const database = new sqlite3.Database('/var/lib/bank/accounts.db');
const client = new Client();

const LIMIT = 25;

class Where {
  constructor() {
    this.parts = [];
    this.values = [];
  }

  text(part) {
    this.parts.push(part);
    return this;
  }

  bound(column, value) {
    this.values.push(value);
    this.parts.push(`${column} = $${this.values.length}`);
    return this;
  }

  toString() {
    return this.parts.join(' AND ');
  }
}

// case: vulnerable
router.get('/login', async (ctx) => {
  const { user, pin } = ctx.query;
  const statement = "SELECT id FROM accounts WHERE user = '" + user + "' AND pin = '" + pin + "'";
  ctx.body = await new Promise((resolve, reject) => {
    connection.query(statement, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
});

// case: safe (bound, strings by conversion)
router.get('/login/bound', async (ctx) => {
  const user = String(ctx.query.user);
  const pin = String(ctx.query.pin);
  ctx.body = await new Promise((resolve, reject) => {
    connection.query('SELECT id FROM accounts WHERE user = ? AND pin = ?', [user, pin], (error, rows) => {
      return error ? reject(error) : resolve(rows);
    });
  });
});

// case: vulnerable (only the first quote is doubled)
router.get('/iban', async (ctx) => {
  const iban = String(ctx.query.iban).replace("'", "''");
  ctx.body = await client.query(`SELECT * FROM accounts WHERE iban = '${iban}'`);
});

// case: vulnerable (escaped, but the value stands without quotes)
router.get('/branch', async (ctx) => {
  const branch = String(ctx.query.branch).replace(/'/g, "''");
  ctx.body = await client.query('SELECT * FROM accounts WHERE branch = ' + branch);
});

// case: safe (class of the same file binds)
router.post('/filter', async (ctx) => {
  const where = new Where().bound('owner', ctx.request.body.owner).bound('kind', ctx.request.body.kind);
  ctx.body = await client.query('SELECT * FROM accounts WHERE ' + where.toString(), where.values);
});

// case: vulnerable (the same class takes text)
router.post('/filter/free', async (ctx) => {
  const where = new Where().bound('kind', 'giro').text(ctx.request.body.condition);
  ctx.body = await client.query('SELECT * FROM accounts WHERE ' + where, where.values);
});

// case: vulnerable (sqlite, header as the source)
router.get('/device', async (ctx) => {
  const device = ctx.get('X-Device-Id');
  database.all(`SELECT * FROM logins WHERE device = "${device}"`, (error, rows) => {
    ctx.app.emit('devices', error, rows);
  });
  ctx.status = 202;
});

// case: safe (sqlite, named parameter)
router.get('/device/bound', async (ctx) => {
  const device = ctx.get('X-Device-Id');
  database.all('SELECT * FROM logins WHERE device = $device', { $device: device }, (error, rows) => {
    ctx.app.emit('devices', error, rows);
  });
  ctx.status = 202;
});

// case: vulnerable (new mssql request, value decoded after the check)
router.get('/statement', async (ctx) => {
  const raw = String(ctx.query.period);
  if (/['"; ]/.test(raw)) {
    ctx.throw(400);
  }
  const period = decodeURIComponent(raw);
  const request = new mssql.Request();
  ctx.body = await request.query("SELECT * FROM bookings WHERE period = '" + period + "'");
});

// case: safe (mssql's tagged template)
router.get('/statement/tagged', async (ctx) => {
  ctx.body = await mssql.query`SELECT * FROM bookings WHERE period = ${ctx.query.period}`;
});

// case: safe (mssql input)
router.get('/statement/input', async (ctx) => {
  const request = new mssql.Request();
  request.input('period', mssql.VarChar(7), String(ctx.query.period));
  ctx.body = await request.query('SELECT * FROM bookings WHERE period = @period');
});

// case: safe (bounded number from the request)
router.get('/page', async (ctx) => {
  const page = Math.max(0, Math.min(1000, Number.parseInt(ctx.query.page, 10) || 0));
  ctx.body = await client.query('SELECT * FROM accounts LIMIT ' + LIMIT + ' OFFSET ' + page * LIMIT);
});

// case: safe (two keys of an object, the constant one is used)
router.get('/kinds', async (ctx) => {
  const settings = { kind: 'giro', requested: ctx.query.kind };
  ctx.body = await client.query(`SELECT * FROM accounts WHERE kind = '${settings.kind}'`);
});

app.use(router.routes());
module.exports = app;
