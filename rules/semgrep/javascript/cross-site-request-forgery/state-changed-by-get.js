const app = require("express")();
const { User } = require("./models");

// ruleid: javascript-state-changed-by-get
app.get("/users/:id/delete", async (req, res) => {
  await User.destroy({ where: { id: req.params.id } });
  res.redirect("/users");
});

// ok: javascript-state-changed-by-get
app.post("/users/:id/delete", async (req, res) => {
  await User.destroy({ where: { id: req.params.id } });
  res.redirect("/users");
});

// ok: javascript-state-changed-by-get
app.get("/users/:id", async (req, res) => {
  res.json(await User.findByPk(req.params.id));
});
