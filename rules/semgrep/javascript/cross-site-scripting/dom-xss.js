const name = new URLSearchParams(window.location.search).get("name");
const box = document.getElementById("box");
// ruleid: javascript-dom-xss
box.innerHTML = "Hello " + name;
// ruleid: javascript-dom-xss
document.write(location.hash.slice(1));
// ruleid: javascript-dom-xss
$("#box").html(decodeURIComponent(location.hash));
window.addEventListener("message", (event) => {
  // ruleid: javascript-dom-xss
  box.insertAdjacentHTML("beforeend", event.data);
});
// ok: javascript-dom-xss
box.textContent = "Hello " + name;
// ok: javascript-dom-xss
box.innerHTML = DOMPurify.sanitize(name);
// ok: javascript-dom-xss
box.innerHTML = "<b>Hello</b>";
