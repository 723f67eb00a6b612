import express, { Request, Response } from 'express';
import vm from 'vm';
import safeEval from 'safe-eval';
import { Parser } from 'expr-eval';

const app = express();
app.use(express.json());

const OPERATIONS = new Map<string, (a: number, b: number) => number>([
  ['sum', (a, b) => a + b],
  ['difference', (a, b) => a - b],
]);
const VERSION = 4;

function wrap(text: string): string {
  return '(' + text + ')';
}

// case: vulnerable
app.get('/calculate', (req: Request, res: Response) => {
  const result = eval(req.query.expression as string);
  res.json({ result });
});

// case: safe (two numbers and an operation from a map)
app.get('/calculate/:operation', (req: Request, res: Response) => {
  const operation = OPERATIONS.get(req.params.operation) || OPERATIONS.get('sum')!;
  res.json({ result: operation(Number(req.query.a), Number(req.query.b)) });
});

// case: vulnerable (constructor of functions)
app.post('/formula', (req: Request, res: Response) => {
  const formula = new Function('x', 'return ' + req.body.formula);
  res.json({ values: [1, 2, 3].map((x) => formula(x)) });
});

// case: safe (JSON instead of evaluation)
app.post('/data', (req: Request, res: Response) => {
  const data = JSON.parse(wrap(String(req.body.data)).slice(1, -1));
  res.json({ data });
});

// case: vulnerable (vm is no sandbox; helper wraps)
app.post('/script', (req: Request, res: Response) => {
  const result = vm.runInNewContext(wrap(req.body.script), { Math }, { timeout: 100 });
  res.json({ result });
});

// case: safe (constant script, the value is data of the context)
app.post('/script/constant', (req: Request, res: Response) => {
  const result = vm.runInNewContext('text.length', { text: String(req.body.text) }, { timeout: 100 });
  res.json({ result });
});

// case: vulnerable (compiled script)
app.post('/rule', (req: Request, res: Response) => {
  const script = new vm.Script(`result = ${req.body.rule}`);
  const context = vm.createContext({ result: null });
  script.runInContext(context);
  res.json(context.result);
});

// case: vulnerable (indirect eval)
app.get('/indirect', (req: Request, res: Response) => {
  const run = globalThis.eval;
  res.json({ result: run(`2 * ${req.query.factor}`) });
});

// case: safe (a number before it is evaluated)
app.get('/double', (req: Request, res: Response) => {
  const factor = Number(req.query.factor);
  res.json({ result: eval('2 * ' + factor) });
});

// case: safe (reduced to digits and operators, then checked to be so)
app.get('/simple', (req: Request, res: Response) => {
  const text = String(req.query.expression);
  if (!/^[0-9+\-*/ ]{1,40}$/.test(text)) {
    return res.sendStatus(400);
  }
  res.json({ result: eval(text) });
});

// case: safe (parser for arithmetic, no JavaScript)
app.get('/parsed', (req: Request, res: Response) => {
  const parser = new Parser({ allowMemberAccess: false });
  const tokens = parser.parse(String(req.query.expression)).tokens.length;
  res.json({ tokens });
});

// case: vulnerable (module whose name promises more than it holds)
app.get('/price', (req: Request, res: Response) => {
  res.json({ price: safeEval(req.query.discount as string, { base: 100 }) });
});

// case: safe (condition over constants is false)
app.get('/preview', (req: Request, res: Response) => {
  let code = '1 + 1';
  if (VERSION > 5) {
    code = String(req.query.code);
  }
  res.json({ result: eval(code) });
});

export default app;
