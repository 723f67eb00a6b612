const app = require("express")();
const members = require("./members");

app.get("/older", async (req, res) => {
  // ruleid: javascript-nosql-where-request
  const older = await members.find({ $where: "this.age > " + req.query.age }).toArray();
  const text = `this.name == '${req.body.name}'`;
  // ruleid: javascript-nosql-where-request
  const named = await members.find().$where(text);
  // ok: javascript-nosql-where-request
  const counted = await members.find({ $where: `this.age > ${Number(req.query.age)}` }).toArray();
  // ok: javascript-nosql-where-request
  const compared = await members.find({ age: { $gt: Number(req.query.age) } }).toArray();
  res.json({ older, named, counted, compared });
});
