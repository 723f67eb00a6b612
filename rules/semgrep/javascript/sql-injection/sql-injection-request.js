const mysql = require("mysql2");
const app = require("express")();
const pool = mysql.createPool({});
const db = require("./sqlite");

app.get("/user", async (req, res) => {
  const name = req.query.name;
  // ruleid: javascript-sql-injection-request
  await pool.query("SELECT * FROM users WHERE name = '" + name + "'");
  // ruleid: javascript-sql-injection-request
  await pool.execute(`SELECT * FROM users WHERE name = '${name}'`);
  const sql = `SELECT * FROM users ORDER BY ${req.body.column}`;
  // ruleid: javascript-sql-injection-request
  await pool.query(sql);
  // ruleid: javascript-sql-injection-request
  db.all("SELECT * FROM users WHERE id = " + req.params.id, () => {});
  // ruleid: javascript-sql-injection-request
  await pool.query({ text: "SELECT * FROM users WHERE name = '" + name + "'" });
  // ok: javascript-sql-injection-request
  await pool.query("SELECT * FROM users WHERE name = ?", [name]);
  // ok: javascript-sql-injection-request
  await pool.query({ text: "SELECT * FROM users WHERE name = $1", values: [name] });
  // ok: javascript-sql-injection-request
  await pool.query("SELECT * FROM users WHERE id = " + Number(req.params.id));
  // ok: javascript-sql-injection-request
  await pool.query("SELECT * FROM users WHERE name = " + pool.escape(name));
  // ok: javascript-sql-injection-request
  res.json(await cache.get(name));
});
