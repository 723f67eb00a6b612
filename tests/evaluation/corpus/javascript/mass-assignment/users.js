'use strict';

const express = require('express');
const _ = require('lodash');
const { User, Address } = require('./models');
const knex = require('knex')({ client: 'pg' });

const router = express.Router();
const EDITABLE = ['name', 'mail', 'phone'];

// case: vulnerable
router.post('/', async (req, res) => {
  const user = await User.create(req.body);
  res.status(201).json({ id: user.id });
});

// case: safe (fields named one by one)
router.post('/named', async (req, res) => {
  const user = await User.create({ name: String(req.body.name), mail: String(req.body.mail) });
  res.status(201).json({ id: user.id });
});

// case: vulnerable (update of the own record with whatever is sent)
router.put('/me', async (req, res) => {
  const user = await User.findByPk(req.user.id);
  await user.update(req.body);
  res.sendStatus(204);
});

// case: safe (Sequelize's list of fields)
router.put('/me/fields', async (req, res) => {
  const user = await User.findByPk(req.user.id);
  await user.update(req.body, { fields: EDITABLE });
  res.sendStatus(204);
});

// case: vulnerable (Object.assign, then save)
router.patch('/me', async (req, res) => {
  const user = await User.findByPk(req.user.id);
  Object.assign(user, req.body);
  await user.save();
  res.sendStatus(204);
});

// case: safe (picked first)
router.patch('/me/picked', async (req, res) => {
  const user = await User.findByPk(req.user.id);
  Object.assign(user, _.pick(req.body, EDITABLE));
  await user.save();
  res.sendStatus(204);
});

// case: vulnerable (query builder inserts all the columns that are sent)
router.post('/import', async (req, res) => {
  await knex('users').insert({ ...req.body, created_at: new Date() });
  res.sendStatus(201);
});

// case: safe (the body is destructured, the rest is dropped)
router.post('/address', async (req, res) => {
  const { street, city } = req.body;
  await Address.create({ street, city, userId: req.user.id });
  res.sendStatus(201);
});

module.exports = router;
