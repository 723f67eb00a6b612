'use strict';

const express = require('express');
const cors = require('cors');
const http = require('http');
const { Server } = require('socket.io');

const app = express();
const ORIGINS = ['https://www.example.com', 'https://admin.example.com'];

// case: vulnerable (whoever asks is allowed, with cookies)
app.use('/a', cors({ origin: true, credentials: true }));

// case: safe (one origin, with cookies)
app.use('/b', cors({ origin: 'https://www.example.com', credentials: true }));

// case: vulnerable (origin is copied from the request)
app.use('/c', (req, res, next) => {
  res.header('Access-Control-Allow-Origin', req.headers.origin);
  res.header('Access-Control-Allow-Credentials', 'true');
  next();
});

// case: safe (origin is copied if it is on the list)
app.use('/d', (req, res, next) => {
  const { origin } = req.headers;
  if (ORIGINS.includes(origin)) {
    res.header('Access-Control-Allow-Origin', origin);
    res.header('Access-Control-Allow-Credentials', 'true');
    res.vary('Origin');
  }
  next();
});

// case: vulnerable (callback that says yes to all)
app.use('/e', cors({
  origin: (origin, callback) => callback(null, true),
  credentials: true,
}));

// case: safe (callback with a list)
app.use('/f', cors({
  origin: (origin, callback) => {
    if (ORIGINS.indexOf(origin) !== -1) {
      return callback(null, true);
    }
    return callback(new Error('origin'));
  },
  credentials: true,
}));

// case: vulnerable (pattern without anchors and with free dots)
app.use('/g', cors({ origin: /example.com/, credentials: true }));

// case: safe (list in a constant)
app.use('/h', cors({ origin: ORIGINS, methods: ['GET', 'POST'], credentials: true }));

// case: vulnerable (sandboxed frames of anybody have the origin null)
app.use('/i', (req, res, next) => {
  res.setHeader('Access-Control-Allow-Origin', 'null');
  res.setHeader('Access-Control-Allow-Credentials', 'true');
  next();
});

// case: safe (socket.io with one origin)
const io = new Server(http.createServer(app), { cors: { origin: 'https://www.example.com', credentials: true } });

module.exports = { app, io };
