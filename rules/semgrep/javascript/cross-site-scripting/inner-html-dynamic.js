function show(message) {
  const box = document.getElementById("box");
  // ruleid: javascript-inner-html-dynamic
  box.innerHTML = "<b>" + message + "</b>";
  // ruleid: javascript-inner-html-dynamic
  box.insertAdjacentHTML("beforeend", `<i>${message}</i>`);
  // ok: javascript-inner-html-dynamic
  box.innerHTML = "";
  // ok: javascript-inner-html-dynamic
  box.textContent = message;
  // ok: javascript-inner-html-dynamic
  box.innerHTML = DOMPurify.sanitize(message);
}
