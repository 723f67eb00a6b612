const app = require("express")();

app.get("/go", (req, res) => {
  // ruleid: javascript-open-redirect-request
  res.redirect(req.query.next);
  // ruleid: javascript-open-redirect-request
  res.redirect(302, req.query.next);
  // ruleid: javascript-open-redirect-request
  res.setHeader("Location", req.query.next);
  // ok: javascript-open-redirect-request
  res.redirect("/home");
  // ok: javascript-open-redirect-request
  res.redirect(`/users/${req.params.id}`);
  // ok: javascript-open-redirect-request
  res.redirect("https://example.org/?q=" + req.query.q);
  const target = req.query.target;
  if (!["/a", "/b"].includes(target)) return res.end();
  // ok: javascript-open-redirect-request
  res.redirect(target);
});
