const MODE = 'fixed';
let loose = 'x';
function keep(v) { const w = v; return w; }
function drop(v) { return 'const'; }
const arrow = (v) => 'a' + MODE;
const pass = (v) => v;
app.get('/a', (req, res) => {
  const p = req.query.p;
  let bar;
  const num = 86;
  if (7 * 42 - num > 200) { bar = 'x'; } else { bar = p; }
  sink(bar); // inert
  sink(7 * 18 + num > 200 ? 'a' : p); // inert
  sink(p); // reached
  sink(`select ${bar}`); // inert
  sink(`select ${p}`); // reached
  sink('a' + bar + 1); // inert
  sink(keep(p)); // reached
  sink(drop(p)); // inert
  sink(arrow(p)); // inert
  sink(pass(p)); // reached
  sink(MODE); // inert
  sink(loose); // reached
  const m = { a: 'x', b: p };
  sink(m.a); // inert
  sink(m['a']); // inert
  sink(m.b); // reached
  m.a = p;
  sink(m.a); // reached
  const t = new Map();
  t.set('a', 'x').set('b', p);
  sink(t.get('a')); // inert
  sink(t.get('b')); // reached
  const l = [];
  l.push('a'); l.push(p); l.push('c');
  l.shift();
  sink(l[1]); // inert
  sink(l[0]); // reached
  const { c, d: e } = { c: 'x', d: p };
  sink(c); // inert
  sink(e); // reached
  const [f, g] = ['x', p];
  sink(f); // inert
  sink(g); // reached
  const guess = 'ABC'.charAt(1);
  let s;
  switch (guess) { case 'A': s = p; break; case 'B': s = 'bob'; break; default: s = p; }
  sink(s); // inert
  { const bar = p; use(bar); }
  sink(bar); // inert
  const q = p || 'x';
  sink(q); // reached
  let n = 'k';
  for (const item of req.query.items) { n = item; }
  sink(n); // reached
  let o = 'k';
  for (let i = 0; i < 3; i++) { o += 'z'; }
  sink(o); // inert
  try { o = p; go(); } catch (err) { o = 'y'; }
  sink(o); // reached
  let u = 'k';
  req.on('data', (chunk) => { use(chunk); });
  sink(u); // inert
  if (!['a', 'b'].includes(p)) { return; }
  sink(escape(p)); // inert
  sink(u == p ? 'a' : 'b'); // inert
  throw new Error('x');
  sink(p); // inert
});
app.get('/b', (req, res) => {
  let data = '';
  req.on('data', (chunk) => { data += chunk; });
  sink(data); // reached
});
class Store {
  fixed(v) { return 'x'; }
  same(v) { return v; }
  run(v) {
    sink(this.fixed(v)); // inert
    sink(this.same(v)); // reached
    sink(this.field); // reached
  }
}
