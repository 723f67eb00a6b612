function tell(data) {
  // ruleid: javascript-post-message-any-origin
  window.parent.postMessage(data, "*");
  // ok: javascript-post-message-any-origin
  window.parent.postMessage(data, "https://app.example.org");
  // ok: javascript-post-message-any-origin
  window.parent.postMessage("ready", "*");
}
