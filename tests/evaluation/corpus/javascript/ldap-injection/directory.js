'use strict';

const express = require('express');
const ldap = require('ldapjs');
const ldapEscape = require('ldap-escape');
const escapeHtml = require('escape-html');

const router = express.Router();
const client = ldap.createClient({ url: 'ldaps://ldap.example.com' });

const BASE = 'ou=people,dc=example,dc=com';
const CLASSES = { people: '(objectClass=person)', groups: '(objectClass=groupOfNames)' };
const SCOPE = 2;

function filterEscape(text) {
  return String(text).replace(/[\\*()\0]/g, (character) => {
    return '\\' + character.charCodeAt(0).toString(16).padStart(2, '0');
  });
}

function find(res, options, base = BASE) {
  void options;
  return (error, search) => {
    const entries = [];
    if (error) {
      return res.sendStatus(500);
    }
    search.on('searchEntry', (entry) => entries.push(entry.pojo));
    search.on('end', () => res.json({ base, entries }));
  };
}

// case: vulnerable
router.get('/users', (req, res) => {
  const options = { scope: 'sub', filter: '(uid=' + req.query.uid + ')' };
  client.search(BASE, options, find(res, options));
});

// case: safe (filter object)
router.get('/users/object', (req, res) => {
  const filter = new ldap.EqualityFilter({ attribute: 'uid', value: String(req.query.uid) });
  client.search(BASE, { scope: 'sub', filter }, find(res));
});

// case: vulnerable (both halves of a login)
router.post('/login', (req, res) => {
  const { user, password } = req.body;
  const filter = `(&(uid=${user})(userPassword=${password}))`;
  client.search(BASE, { filter, scope: 'one', attributes: ['cn'] }, find(res));
});

// case: safe (helper escapes all five characters)
router.get('/users/escaped', (req, res) => {
  const filter = `(&(objectClass=person)(uid=${filterEscape(req.query.uid)}))`;
  client.search(BASE, { filter, scope: 'sub' }, find(res));
});

// case: vulnerable (only the star is removed)
router.get('/phone', (req, res) => {
  const name = String(req.query.name).replace(/\*/g, '');
  client.search(BASE, { filter: '(cn=' + name + ')', attributes: ['telephoneNumber'] }, find(res));
});

// case: safe (library's tag)
router.get('/mail', (req, res) => {
  const filter = ldapEscape.filter`(mail=${req.query.mail})`;
  client.search(BASE, { filter, scope: 'sub' }, find(res));
});

// case: vulnerable (escaping for names does not escape stars and brackets)
router.get('/mail/name', (req, res) => {
  const mail = ldapEscape.dn`${req.query.mail}`;
  client.search(BASE, { filter: '(mail=' + mail + ')', scope: 'sub' }, find(res));
});

// case: vulnerable (name to bind with is built of the form's text)
router.post('/bind', (req, res) => {
  const name = 'uid=' + req.body.user + ',' + BASE;
  client.bind(name, req.body.password, (error) => res.sendStatus(error ? 401 : 204));
});

// case: safe (name escaped for what it is)
router.post('/bind/escaped', (req, res) => {
  const name = ldapEscape.dn`uid=${req.body.user},ou=people,dc=example,dc=com`;
  client.bind(name, String(req.body.password), (error) => res.sendStatus(error ? 401 : 204));
});

// case: safe (filter looked up)
router.get('/list/:kind', (req, res) => {
  const filter = Object.hasOwn(CLASSES, req.params.kind) ? CLASSES[req.params.kind] : CLASSES.people;
  client.search(BASE, { filter, scope: 'sub' }, find(res));
});

// case: vulnerable (HTML escaping leaves brackets and stars)
router.get('/room', (req, res) => {
  const room = escapeHtml(req.query.room);
  client.search(BASE, { filter: `(roomNumber=${room})` }, find(res));
});

// case: safe (constant arithmetic)
router.get('/manager', (req, res) => {
  const manager = SCOPE + 40 < 42 ? req.query.manager : 'root';
  client.search(BASE, { filter: '(manager=' + manager + ')' }, find(res));
});

module.exports = router;
