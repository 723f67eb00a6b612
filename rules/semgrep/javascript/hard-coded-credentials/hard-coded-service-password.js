const mysql = require("mysql2");
const { Pool } = require("pg");

// ruleid: javascript-hard-coded-service-password
const first = mysql.createConnection({ host: "db", user: "app", password: "Winter2024!" });
// ruleid: javascript-hard-coded-service-password
const second = new Pool({ host: "db", password: "Winter2024!" });
// ok: javascript-hard-coded-service-password
const third = new Pool({ host: "db", password: process.env.DB_PASSWORD });
// ok: javascript-hard-coded-service-password
const fourth = mysql.createConnection({ host: "db", user: "app", password: "" });
