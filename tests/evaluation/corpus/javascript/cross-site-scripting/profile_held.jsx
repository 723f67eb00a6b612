import React, { useEffect, useMemo, useRef, useState } from 'react';
import { useParams, useSearchParams } from 'react-router-dom';
import { renderToString } from 'react-dom/server';
import DOMPurify from 'dompurify';
import { marked } from 'marked';
import express from 'express';

const COLOURS = { red: '#c00', green: '#0a0' };
const server = express();

// case: vulnerable
export function Biography() {
  const [search] = useSearchParams();
  return <div dangerouslySetInnerHTML={{ __html: search.get('biography') }} />;
}

// case: safe (React escapes children)
export function Motto() {
  const [search] = useSearchParams();
  return <div title={search.get('motto')}>{search.get('motto')}</div>;
}

// case: safe (sanitised)
export function Summary() {
  const [search] = useSearchParams();
  const html = useMemo(() => DOMPurify.sanitize(search.get('summary') ?? ''), [search]);
  return <div dangerouslySetInnerHTML={{ __html: html }} />;
}

// case: vulnerable (Markdown lets HTML through)
export function Readme() {
  const { text } = useParams();
  const html = marked.parse(text);
  return <article dangerouslySetInnerHTML={{ __html: html }} />;
}

// case: vulnerable (reference to the element, in an effect)
export function Signature() {
  const box = useRef(null);
  const [search] = useSearchParams();
  useEffect(() => {
    box.current.innerHTML = search.get('signature');
  }, [search]);
  return <p ref={box} />;
}

// case: safe (constant HTML beside the parameter)
export function Footer() {
  const { id } = useParams();
  const markup = { __html: '<small>&copy; Example Ltd</small>' };
  return <footer data-id={id} dangerouslySetInnerHTML={markup} />;
}

// case: vulnerable (name in window.name, set by whoever opened the page)
export function Visitor() {
  const [name] = useState(window.name);
  useEffect(() => {
    document.getElementById('visitor').outerHTML = `<span id="visitor">${name}</span>`;
  }, [name]);
  return <span id="visitor" />;
}

// case: safe (colour looked up in our own table)
export function Badge() {
  const [search] = useSearchParams();
  const wanted = search.get('colour');
  const colour = Object.hasOwn(COLOURS, wanted) ? COLOURS[wanted] : '#333';
  const html = '<svg><circle r="4" fill="' + colour + '"/></svg>';
  return <i dangerouslySetInnerHTML={{ __html: html }} />;
}

// case: vulnerable (rendered by React, but the frame around it is not)
server.get('/card', (req, res) => {
  const body = renderToString(<p>{req.query.name}</p>);
  res.send(`<html><head><title>${req.query.name}</title></head><body>${body}</body></html>`);
});

// case: safe (all of it rendered by React)
server.get('/ticket', (req, res) => {
  const page = (
    <html>
      <head>
        <title>{req.query.name}</title>
      </head>
      <body>{req.query.name}</body>
    </html>
  );
  res.send('<!doctype html>' + renderToString(page));
});

// case: vulnerable (srcdoc is a document of the same origin)
export function Preview() {
  const [search] = useSearchParams();
  return <iframe title="preview" srcDoc={search.get('draft')} />;
}

// case: safe (a number)
export function Rating() {
  const [search] = useSearchParams();
  const stars = Number.parseInt(search.get('stars'), 10) || 0;
  return <b dangerouslySetInnerHTML={{ __html: `${stars}&#9733;` }} />;
}

// case: safe (the object's other property)
export function Label() {
  const [search] = useSearchParams();
  const texts = { own: '<em>new</em>', given: search.get('label') };
  return <b dangerouslySetInnerHTML={{ __html: texts.own }} />;
}
