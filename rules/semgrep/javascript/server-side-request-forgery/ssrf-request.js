const axios = require("axios");
const app = require("express")();

app.get("/fetch", async (req, res) => {
  const url = req.query.url;
  // ruleid: javascript-ssrf-request
  const first = await axios.get(url);
  // ruleid: javascript-ssrf-request
  const second = await fetch(`http://${req.query.host}/status`);
  // ruleid: javascript-ssrf-request
  const third = await axios({ method: "get", url: req.body.url });
  // ok: javascript-ssrf-request
  const fourth = await fetch("https://api.example.org/users/" + req.params.id);
  // ok: javascript-ssrf-request
  const fifth = await fetch(`https://api.example.org/users/${req.params.id}`);
  // ok: javascript-ssrf-request
  const sixth = await axios.post("https://api.example.org/users", req.body);
  res.json([first, second, third, fourth, fifth, sixth]);
});
