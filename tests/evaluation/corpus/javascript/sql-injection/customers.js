'use strict';

const express = require('express');
const mysql = require('mysql2/promise');
const escapeHtml = require('escape-html');
const { Pool } = require('pg');
const format = require('pg-format');

const router = express.Router();
const pool = mysql.createPool({ host: 'db', database: 'shop', user: 'shop', password: process.env.DB_PASSWORD });
const pg = new Pool();

const COLUMNS = { name: 'name', since: 'created_at', turnover: 'turnover' };
const TABLE = 'customers';

// case: vulnerable
router.get('/search', async (req, res) => {
  const [rows] = await pool.query("SELECT * FROM customers WHERE name = '" + req.query.name + "'");
  res.json(rows);
});

// case: safe (placeholder, and the path's part is always a string)
router.get('/by-name/:name', async (req, res) => {
  const [rows] = await pool.execute('SELECT * FROM customers WHERE name = ?', [req.params.name]);
  res.json(rows);
});

// case: vulnerable (execute with a statement that was put together before)
router.get('/by-city/:city', async (req, res) => {
  const statement = `SELECT * FROM customers WHERE city = '${req.params.city}' AND active = ?`;
  const [rows] = await pool.execute(statement, [1]);
  res.json(rows);
});

// case: safe (only constants are concatenated, values are bound)
router.get('/by-zip/:zip', async (req, res) => {
  let statement = 'SELECT id, name FROM ' + TABLE;
  statement += ' WHERE zip = ?';
  const [rows] = await pool.execute(statement, [String(req.params.zip)]);
  res.json(rows);
});

// case: vulnerable (column for ORDER BY as the visitor wrote it)
router.get('/sorted', async (req, res) => {
  const order = req.query.sort || 'name';
  const result = await pg.query(`SELECT id, name FROM customers ORDER BY ${order} LIMIT 50`);
  res.json(result.rows);
});

// case: safe (column looked up in a table of our own)
router.get('/ordered', async (req, res) => {
  const order = Object.hasOwn(COLUMNS, req.query.sort) ? COLUMNS[req.query.sort] : 'name';
  const result = await pg.query(`SELECT id, name FROM customers ORDER BY ${order} LIMIT 50`);
  res.json(result.rows);
});

// case: vulnerable (HTML escaping does not help in a statement without quotes)
router.get('/credit', async (req, res) => {
  const id = escapeHtml(req.query.id);
  const result = await pg.query('SELECT credit FROM customers WHERE id = ' + id);
  res.json(result.rows);
});

// case: safe (number or refusal)
router.get('/debit', async (req, res) => {
  const id = Number(req.query.id);
  if (!Number.isInteger(id)) {
    return res.sendStatus(400);
  }
  const result = await pg.query('SELECT debit FROM customers WHERE id = ' + id);
  res.json(result.rows);
});

// case: vulnerable (list of the body joined into IN)
router.post('/bulk', async (req, res) => {
  const list = req.body.ids.map((id) => `'${id}'`).join(', ');
  const [rows] = await pool.query('SELECT * FROM customers WHERE id IN (' + list + ')');
  res.json(rows);
});

// case: safe (as many placeholders as values)
router.post('/batch', async (req, res) => {
  const ids = req.body.ids.map((id) => String(id));
  const marks = ids.map(() => '?').join(', ');
  const [rows] = await pool.execute(`SELECT * FROM customers WHERE id IN (${marks})`, ids);
  res.json(rows);
});

// case: safe (driver's own escape, which puts the quotes as well)
router.get('/mail', async (req, res) => {
  const mail = pool.escape(String(req.query.mail));
  const [rows] = await pool.query('SELECT id FROM customers WHERE mail = ' + mail);
  res.json(rows);
});

// case: vulnerable (%s inserts the value as it is)
router.get('/report', async (req, res) => {
  const statement = format('SELECT * FROM customers WHERE region = \'%s\'', req.query.region);
  const result = await pg.query(statement);
  res.json(result.rows);
});

// case: safe (%L quotes literals)
router.get('/regional', async (req, res) => {
  const statement = format('SELECT * FROM customers WHERE region = %L', String(req.query.region));
  const result = await pg.query(statement);
  res.json(result.rows);
});

module.exports = router;
