const router = require("express").Router();
const _ = require("lodash");
const { User } = require("./models");

router.post("/", async (req, res) => {
  // ruleid: javascript-mass-assignment-request
  const user = await User.create(req.body);
  // ruleid: javascript-mass-assignment-request
  Object.assign(user, req.body);
  // ruleid: javascript-mass-assignment-request
  await User.findByIdAndUpdate(user.id, req.body);
  // ruleid: javascript-mass-assignment-request
  await User.create({ ...req.body, createdAt: new Date() });
  // ok: javascript-mass-assignment-request
  await User.create({ name: req.body.name });
  // ok: javascript-mass-assignment-request
  Object.assign(user, _.pick(req.body, ["name"]));
  const { name, mail } = req.body;
  // ok: javascript-mass-assignment-request
  await User.create({ name, mail });
  // ok: javascript-mass-assignment-request
  await user.update(req.body, { fields: ["name"] });
  res.json({ id: user.id });
});

module.exports = router;
