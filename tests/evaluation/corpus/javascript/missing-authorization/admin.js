'use strict';

const express = require('express');
const { User, Order, Setting } = require('./models');
const { requireLogin, requireRole, ownOrder } = require('./access');

const shop = express.Router();
const admin = express.Router();
const open = express.Router();

// case: vulnerable (its neighbours have a guard, this one has none)
shop.delete('/users/:id', async (req, res) => {
  await User.destroy({ where: { id: req.params.id } });
  res.sendStatus(204);
});

// case: safe (guard in the route)
shop.delete('/users/:id/sessions', requireLogin, requireRole('admin'), async (req, res) => {
  await User.update({ sessions: null }, { where: { id: req.params.id } });
  res.sendStatus(204);
});

// case: vulnerable (makes anybody an administrator)
shop.post('/users/:id/promote', async (req, res) => {
  await User.update({ role: 'admin' }, { where: { id: req.params.id } });
  res.sendStatus(204);
});

// case: safe (guard for all routes of the router)
admin.use(requireLogin, requireRole('admin'));
admin.post('/settings', async (req, res) => {
  await Setting.upsert({ name: String(req.body.name), value: String(req.body.value) });
  res.sendStatus(204);
});

// case: safe (asked for in the handler)
shop.post('/orders/:id/refund', async (req, res) => {
  if (!req.user || req.user.role !== 'accountant') {
    return res.sendStatus(403);
  }
  await Order.update({ state: 'refunded' }, { where: { id: req.params.id } });
  return res.sendStatus(204);
});

// case: vulnerable (the role is looked at, but nothing follows)
shop.post('/admin/settings/reset', async (req, res) => {
  if (!req.user || req.user.role !== 'admin') {
    console.warn('not an administrator');
  }
  await Setting.destroy({ where: {} });
  res.sendStatus(204);
});

// case: safe (page for everybody, reads nothing private)
open.get('/opening-hours', async (req, res) => {
  res.json({ monday: '9-18', tuesday: '9-18' });
});

// case: safe (guard that compares the owner)
shop.get('/orders/:id', requireLogin, ownOrder('id'), async (req, res) => {
  res.json(await Order.findByPk(req.params.id));
});

module.exports = { shop, admin, open };
