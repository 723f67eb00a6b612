const target = new URLSearchParams(window.location.search).get("next");
// ruleid: javascript-dom-open-redirect
window.location.href = target;
// ruleid: javascript-dom-open-redirect
location.assign(location.hash.slice(1));
// ok: javascript-dom-open-redirect
window.location.href = "/home";
// ok: javascript-dom-open-redirect
window.location.href = `/users/${target}`;
// ok: javascript-dom-open-redirect
location.reload();
