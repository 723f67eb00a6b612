import { drop as imported, escape } from './texts';

const MODE = 'fixed';
const drop = (v) => 'x';
function once(v) { return 'x'; }
function twice(a) { return 'x'; }
function twice(a, b) { return a; }
function loose(v) { return 'x'; }
loose = (v) => v;
function missing(v, w) { return w; }

function aliases(p, n) {
  const first = ['x'];
  const second = ['y'];
  for (const either of [first, second]) { either.push(p); }
  sink(first); // reached
  const third = ['z'];
  [third, second][n].push(p);
  sink(third); // reached
  const back = ['x'];
  const same = back.reverse();
  same.push(p);
  sink(back); // reached
  const add = back.push.bind(back);
  add(p);
  sink(back); // reached
  const grown = ['x', 'y'];
  grown.length = 0;
  grown.push(p);
  sink(grown[0]); // reached
  const odd = ['a', p];
  odd[-1] = 'x';
  sink(odd[1]); // reached
  const parts = 'a,b'.split(',');
  parts[0] = p;
  sink(parts); // reached
  const cut = [['x']].slice(0);
  cut[0].push(p);
  sink(cut); // reached
}

function holes(p) {
  sink([, p, 'x'][1]); // reached
  sink([p, 'x'][1]); // inert
  const [, b] = ['x', p];
  sink(b); // reached
  const [c = p] = [];
  sink(c); // reached
  const { d = p } = {};
  sink(d); // reached
  const { ['e']: e } = { e: p };
  sink(e); // reached
  const { f, ...others } = { f: 'x', g: p };
  sink(others); // reached
  sink(new Array('x', p)[1]); // reached
  const sized = new Array(2);
  sized.push(p);
  sink(sized[2]); // reached
  sink(f); // inert
}

function keys(p) {
  const table = {};
  table['1'] = p;
  sink(table[1]); // reached
  const proto = { a: 'x' };
  proto.__proto__ = { b: p };
  sink(proto.b); // reached
  const map = new Map();
  map.set('a', p);
  for (const [k, v] of map) {
    sink(v); // reached
  }
  const got = { get a() { return p; } };
  sink(got.a); // reached
  const spread = { a: 'x', ...{ a: p } };
  sink(spread.a); // reached
  const assigned = { a: 'x' };
  Object.assign(assigned, { a: p });
  sink(assigned.a); // reached
  const deleted = { a: 'x' };
  delete deleted.a;
  sink(deleted.a || p); // reached
}

function scopes(p) {
  { let MODE = 'x'; }
  sink(MODE); // inert
  { let other = 'x'; }
  sink(other); // reached
  var hoisted = 'x';
  { var hoisted = p; }
  sink(hoisted); // reached
  let b = 'x';
  { let b = p; sink(b); } // reached
  sink(b); // inert
  switch (p) { case 'a': let z = p; default: z = 'y'; }
  try { b = p; } catch (b) { b = 'x'; }
  sink(b); // reached
}

const shadowing = (MODE, once) => (p) => {
  sink(MODE); // reached
  sink(once(p)); // reached
};

function closures(p) {
  const change = () => { late = p; row.push(p); };
  let late = 'x';
  const row = ['x'];
  change();
  sink(late); // reached
  sink(row); // reached
  let hoist = 'x';
  run();
  sink(hoist); // reached
  function run() { hoist = p; }
  const counter = ['x'];
  items.forEach((item) => counter.push(item));
  sink(counter); // reached
}

function functions(p) {
  sink(drop(p)); // inert
  sink(once(p)); // inert
  sink(once(p, p)); // inert
  sink(twice(p)); // reached
  sink(loose(p)); // reached
  sink(imported('x')); // reached
  sink(missing('x', p)); // reached
  sink(escape(p)); // inert
  sink(unescape(escape(p))); // reached
  sink(escape(p).slice(1)); // reached
  sink(this.once(p)); // reached
  const isinstance = 'x';
  let n = 0;
  sink(n++ === p ? 'x' : 'y'); // inert
}

async function later(row) { await tick(); row[0] = 'x'; }
function waits(p) {
  const row = [p];
  later(row);
  sink(row[0]); // reached
}

function changed(row) { arguments[0].push(secret); }
function evaluated(p, code) {
  let value = 'x';
  eval(code);
  sink(value); // reached
}

function truth(p) {
  const empty = [];
  sink(empty ? p : 'x'); // reached
  sink('0' ? p : 'x'); // reached
  sink(0 ? p : 'x'); // inert
  sink('' || p); // reached
  let nothing;
  sink(nothing === null ? 'x' : p); // reached
  sink(true === 1 ? p : 'x'); // reached
  sink(9007199254740993 === 9007199254740992 ? p : 'x'); // reached
  sink((0xFFFFFFFF | 0) === -1 ? p : 'x'); // reached
  sink(4 / 2 === 2 ? p : 'x'); // reached
  sink('abc'.substring(2, 0) === 'ab' ? p : 'x'); // reached
  sink('abc'.indexOf('a', -1) === 0 ? p : 'x'); // reached
  sink('abc'[-1] === 'c' ? 'x' : p); // reached
  sink('1' == 1 ? p : 'x'); // reached
}

function jumps(p, n) {
  const controller = new AbortController();
  controller.abort();
  sink(p); // reached
  let v = 'x';
  switch (n) { default: v = p; case 3: break; }
  sink(v); // reached
  let w = 'x';
  for (;;) { try { break; } finally { w = p; } }
  sink(w); // reached
  let u = p;
  u ||= 'x';
  sink(u); // reached
  let t = 'x';
  (n && (t = p));
  sink(t); // reached
  process.exit(1);
  sink(p); // inert
}

function orders(p) {
  let k = 0;
  const r = ['x', 'y'];
  r[k++] += p;
  sink(r[0]); // reached
  const s = ['x', 'y'];
  let m = 0;
  s[m] = (m = 1, p);
  sink(s[0]); // reached
}

class Base {
  fixed(v) { return 'x'; }
  open(v) { return 'x'; }
  get name() { return 'x'; }
  run(p) {
    sink(this.fixed(p)); // reached
    sink(this.open(p)); // inert
    sink(this.name); // reached
    const inner = function () { sink(this.open(p)); }; // reached
  }
}
class Derived extends Base {
  fixed(v) { return v; }
}
