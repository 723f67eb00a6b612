const router = require("express").Router();
const admin = require("express").Router();
const { User } = require("./models");
const { requireLogin, requireRole } = require("./access");

// ruleid: javascript-unguarded-admin-route
router.delete("/users/:id", async (req, res) => {
  await User.destroy({ where: { id: req.params.id } });
  res.sendStatus(204);
});

// ok: javascript-unguarded-admin-route
router.delete("/users/:id", requireLogin, requireRole("admin"), async (req, res) => {
  await User.destroy({ where: { id: req.params.id } });
  res.sendStatus(204);
});

// ruleid: javascript-unguarded-admin-route
router.post("/admin/users", async (req, res) => {
  res.json(await User.create({ name: String(req.body.name) }));
});

// ok: javascript-unguarded-admin-route
router.post("/users/:id/promote", async (req, res) => {
  if (!req.user || req.user.role !== "admin") {
    return res.sendStatus(403);
  }
  await User.update({ role: "admin" }, { where: { id: req.params.id } });
  return res.sendStatus(204);
});

// ok: javascript-unguarded-admin-route
router.get("/opening-hours", (req, res) => {
  res.json({ monday: "9-18" });
});

admin.use(requireLogin);
// ok: javascript-unguarded-admin-route
admin.post("/admin/settings", (req, res) => {
  res.end();
});

module.exports = { router, admin };
