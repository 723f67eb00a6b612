export function Article(props: { html: string }) {
  // ruleid: javascript-react-dangerous-html
  return <article className="a" dangerouslySetInnerHTML={{ __html: props.html }} />;
}

export function Safe(props: { html: string }) {
  // ok: javascript-react-dangerous-html
  return <article className="a">{props.html}</article>;
}
