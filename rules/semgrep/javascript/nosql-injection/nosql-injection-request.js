const app = require("express")();
const User = require("./user");

app.post("/login", async (req, res) => {
  // ruleid: javascript-nosql-injection-request
  const first = await User.findOne({ name: req.body.name, password: req.body.password });
  // ruleid: javascript-nosql-injection-request
  const second = await User.find(req.query);
  const { email } = req.body;
  // ruleid: javascript-nosql-injection-request
  await User.deleteMany({ email });
  // ok: javascript-nosql-injection-request
  const third = await User.findOne({ name: String(req.body.name) });
  // ok: javascript-nosql-injection-request
  const fourth = await User.findOne({ name: { $eq: req.body.name } });
  // ok: javascript-nosql-injection-request
  const fifth = await User.findOne({ where: { name: req.body.name } });
  // ok: javascript-nosql-injection-request
  const sixth = users.find((user) => user.name === req.body.name);
  res.json([first, second, third, fourth, fifth, sixth]);
});
