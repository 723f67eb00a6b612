'use strict';

const express = require('express');
const mongoose = require('mongoose');
const { MongoClient, ObjectId } = require('mongodb');

const app = express();
app.use(express.json());
app.set('query parser', 'extended');

const client = new MongoClient(process.env.MONGO_URL);
const members = client.db('club').collection('members');
const Member = mongoose.model('Member', new mongoose.Schema({ name: String, pin: mongoose.Schema.Types.Mixed, level: Number }));
const MAX_LEVEL = 9;

// case: vulnerable (an object such as {"$ne": null} logs in)
app.post('/login', async (req, res) => {
  const member = await members.findOne({ name: req.body.name, pin: req.body.pin });
  res.sendStatus(member ? 204 : 401);
});

// case: safe (converted to strings)
app.post('/login/strings', async (req, res) => {
  const member = await members.findOne({ name: String(req.body.name), pin: String(req.body.pin) });
  res.sendStatus(member ? 204 : 401);
});

// case: vulnerable (JavaScript on the server of the database)
app.get('/older', async (req, res) => {
  const found = await members.find({ $where: 'this.age > ' + req.query.age }).toArray();
  res.json(found);
});

// case: safe (operator of our own, number)
app.get('/older/number', async (req, res) => {
  const found = await members.find({ age: { $gt: Number(req.query.age) } }).toArray();
  res.json(found);
});

// case: vulnerable (the whole body is the filter)
app.post('/search', async (req, res) => {
  const found = await Member.find(req.body).limit(20);
  res.json(found);
});

// case: safe ($eq takes whatever comes as a value)
app.post('/search/equal', async (req, res) => {
  const found = await members.find({ name: { $eq: req.body.name } }).toArray();
  res.json(found);
});

// case: vulnerable (query with brackets becomes an object)
app.get('/by-mail', async (req, res) => {
  const filter = { mail: req.query.mail };
  const member = await members.findOne(filter);
  res.json(member);
});

// case: safe (type checked, else 400)
app.get('/by-mail/checked', async (req, res) => {
  const { mail } = req.query;
  if (typeof mail !== 'string') {
    return res.sendStatus(400);
  }
  const member = await members.findOne({ mail });
  res.json(member);
});

// case: safe (part of the path is always a string, made an identifier)
app.get('/:id', async (req, res) => {
  const member = await members.findOne({ _id: new ObjectId(req.params.id) });
  res.json(member);
});

// case: vulnerable (filter of a deletion)
app.delete('/sessions', async (req, res) => {
  const { token } = req.body;
  const result = await members.deleteMany({ token });
  res.json({ deleted: result.deletedCount });
});

// case: vulnerable (stage of a pipeline)
app.post('/report', async (req, res) => {
  const stages = [{ $match: req.body.match }, { $group: { _id: '$level', n: { $sum: 1 } } }];
  res.json(await members.aggregate(stages).toArray());
});

// case: safe (constant condition keeps the body out)
app.post('/level', async (req, res) => {
  let level = 1;
  if (MAX_LEVEL < 5) {
    level = req.body.level;
  }
  res.json(await members.find({ level }).toArray());
});

module.exports = app;
