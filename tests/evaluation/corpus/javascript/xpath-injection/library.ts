import express, { Request, Response } from 'express';
import fs from 'fs';
import xpath from 'xpath';
import { DOMParser } from '@xmldom/xmldom';
import libxmljs from 'libxmljs2';

const app = express();
app.use(express.json());

const source = fs.readFileSync('/srv/library/books.xml', 'utf8');
const books = new DOMParser().parseFromString(source, 'text/xml');
const tree = libxmljs.parseXml(source);
const select = xpath.useNamespaces({ b: 'urn:books' });
const FIELDS = ['title', 'author', 'year'];

function literal(text: unknown): string {
  const value = String(text);
  if (!value.includes("'")) {
    return "'" + value + "'";
  }
  if (!value.includes('"')) {
    return '"' + value + '"';
  }
  return "concat('" + value.split("'").join("', \"'\", '") + "')";
}

// case: vulnerable
app.get('/books', (req: Request, res: Response) => {
  const nodes = xpath.select("//book[author='" + req.query.author + "']", books) as Node[];
  res.json(nodes.map(String));
});

// case: safe (variable of the expression)
app.get('/books/bound', (req: Request, res: Response) => {
  const expression = xpath.parse('//book[author=$author]');
  const nodes = expression.select({ node: books, variables: { author: String(req.query.author) } }) as Node[];
  res.json(nodes.map(String));
});

// case: vulnerable (XPath has no backslash)
app.get('/books/slashed', (req: Request, res: Response) => {
  const title = String(req.query.title).replace(/'/g, "\\'");
  const nodes = xpath.select(`//book[title='${title}']`, books) as Node[];
  res.json(nodes.map(String));
});

// case: safe (helper of this file makes a literal of it, with concat where needed)
app.get('/books/literal', (req: Request, res: Response) => {
  const nodes = xpath.select('//book[title=' + literal(req.query.title) + ']', books) as Node[];
  res.json(nodes.map(String));
});

// case: vulnerable (namespaced selection, login)
app.post('/login', (req: Request, res: Response) => {
  const { name, pin } = req.body;
  const expression = `//b:reader[b:name/text()='${name}' and b:pin/text()='${pin}']`;
  const found = select(expression, books, true);
  res.sendStatus(found ? 204 : 401);
});

// case: safe (a number)
app.get('/books/nth', (req: Request, res: Response) => {
  const position = Number.parseInt(req.query.n as string, 10) || 1;
  const node = xpath.select1('//book[' + position + ']', books);
  res.send(String(node));
});

// case: vulnerable (libxmljs)
app.get('/shelf/:name', (req: Request, res: Response) => {
  const node = tree.get('//shelf[@name="' + req.params.name + '"]');
  res.json({ found: Boolean(node) });
});

// case: safe (libxmljs, constant path, compared in JavaScript)
app.get('/shelves/:name', (req: Request, res: Response) => {
  const shelves = tree.find('//shelf');
  const node = shelves.find((shelf) => shelf.attr('name').value() === req.params.name);
  res.json({ found: Boolean(node) });
});

// case: vulnerable (name of an element)
app.get('/field', (req: Request, res: Response) => {
  const field = req.query.field || 'title';
  const nodes = xpath.select('//book/' + field + '/text()', books) as Node[];
  res.json(nodes.map((node) => node.nodeValue));
});

// case: safe (name of an element from the list)
app.get('/field/listed', (req: Request, res: Response) => {
  const field = FIELDS.find((name) => name === req.query.field) ?? 'title';
  const nodes = xpath.select('//book/' + field + '/text()', books) as Node[];
  res.json(nodes.map((node) => node.nodeValue));
});

// case: vulnerable (parsed expression, but the text is in it already)
app.get('/publisher', (req: Request, res: Response) => {
  const expression = xpath.parse("//book[publisher='" + req.get('x-publisher') + "']");
  res.json(expression.select({ node: books, variables: {} }).length);
});

// case: safe (both kinds of quotes are removed, and the value stands in quotes)
app.get('/series', (req: Request, res: Response) => {
  const series = String(req.query.series).replace(/['"]/g, '');
  const nodes = xpath.select("//book[series='" + series + "']", books) as Node[];
  res.json(nodes.length);
});

export default app;
