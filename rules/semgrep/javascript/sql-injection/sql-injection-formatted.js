const pool = require("./pool");

function find(name) {
  // ruleid: javascript-sql-injection-formatted
  return pool.query("SELECT * FROM users WHERE name = '" + name + "'");
}

const rename = (name) => {
  // ruleid: javascript-sql-injection-formatted
  pool.execute(`UPDATE users SET name = '${name}'`);
  // ok: javascript-sql-injection-formatted
  return pool.execute("UPDATE users SET name = ?", [name]);
};

function count(table) {
  // ok: javascript-sql-injection-formatted
  return pool.query(`SELECT COUNT(*) FROM ${table}`);
}
