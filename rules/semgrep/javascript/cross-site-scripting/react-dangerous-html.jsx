import DOMPurify from "dompurify";

export function Page({ text }) {
  return (
    <div>
      {/* ruleid: javascript-react-dangerous-html */}
      <p dangerouslySetInnerHTML={{ __html: text }} />
      {/* ok: javascript-react-dangerous-html */}
      <p dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(text) }} />
      {/* ok: javascript-react-dangerous-html */}
      <p dangerouslySetInnerHTML={{ __html: "<b>constant</b>" }} />
      {/* ok: javascript-react-dangerous-html */}
      <p>{text}</p>
    </div>
  );
}
