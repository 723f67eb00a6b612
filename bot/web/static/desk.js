/*
Mergewarden's desk: the keyboard, selection, local times and what goes away by itself.
Everything here is a convenience: each page works without it.
*/
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const zone = new Intl.DateTimeFormat(root.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  const PLACE = "mergewarden.row";

  // --- Moments in the reader's time zone ---
  const localTimes = (within) => {
    for (const element of all("time.when", within)) {
      if (element.dataset.utc) continue;
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      element.dataset.utc = element.textContent;
      element.title = element.textContent;
      element.textContent = zone.format(moment);
    }
  };

  // --- Rows: which one the keyboard is at ---
  let current = null;
  const rows = () => all("[data-row]");
  const go = (row, look = true) => {
    if (current) current.classList.remove("is-current");
    current = row || null;
    if (!current) return;
    current.classList.add("is-current");
    if (!look) return;
    const link = one("[data-open]", current);
    if (link) link.focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const known = rows();
    if (!known.length) return false;
    const at = known.indexOf(current);
    go(known[at < 0 ? (by > 0 ? 0 : known.length - 1) : Math.min(Math.max(at + by, 0), known.length - 1)]);
    return true;
  };

  // --- What is chosen ---
  const boxes = () => all('[data-bulk] input[name="finding"]');
  let last = null;
  const counted = () => {
    const form = one("[data-bulk]");
    if (!form) return;
    const known = boxes();
    const chosen = known.filter((box) => box.checked);
    const head = one("[data-all]", form);
    if (head) {
      head.disabled = false;
      head.checked = chosen.length > 0 && chosen.length === known.length;
      head.indeterminate = chosen.length > 0 && chosen.length < known.length;
    }
    for (const box of known) box.closest("[data-row]").classList.toggle("is-selected", box.checked);
    const bar = one("[data-actions]", form);
    if (!bar) return;
    bar.classList.toggle("is-open", chosen.length > 0);
    const said = one("[data-selected]", bar);
    said.dataset.text = said.dataset.text || said.textContent;
    said.hidden = false;
    said.textContent = said.dataset.text.replace("{n}", chosen.length);
    if (!chosen.length) for (const sheet of all("details[open]", bar)) sheet.open = false;
  };
  const clear = () => {
    for (const box of boxes()) box.checked = false;
    counted();
  };
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-all]")) for (const box of boxes()) box.checked = target.checked;
    if (target.matches("[data-all], [name=finding]")) counted();
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest && event.target.closest('[data-bulk] input[name="finding"]');
    if (box) {
      const known = boxes();
      if (event.shiftKey && last && known.includes(last)) {
        const [from, to] = [known.indexOf(last), known.indexOf(box)].sort((a, b) => a - b);
        for (const between of known.slice(from, to + 1)) between.checked = box.checked;
        counted();
      }
      last = box;
      go(box.closest("[data-row]"), false);
    }
    const button = event.target.closest && event.target.closest("[data-help], [data-clear]");
    if (button && button.matches("[data-help]")) help();
    if (button && button.matches("[data-clear]")) clear();
    for (const open of all("details.act[open], details.menu-button[open]"))
      if (!open.contains(event.target)) open.open = false;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-bulk]") && current) {
      try {
        sessionStorage.setItem(PLACE, `${location.pathname} ${rows().indexOf(current)}`);
      } catch { /* a browser that keeps nothing */ }
    }
    // The same form is not sent twice; the buttons come back where the browser stays on the page.
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
    return undefined;
  });

  // --- Dialogs and sheets ---
  const help = () => {
    const dialog = one("#help");
    if (dialog && dialog.showModal && !dialog.open) dialog.showModal();
  };
  const closeOne = () => {
    const sheet = one("details.act[open], details.menu-button[open], .menu[open]");
    if (sheet) {
      sheet.open = false;
      one("summary", sheet).focus();
      return true;
    }
    const filters = one("#show-filters");
    if (filters && filters.checked) {
      filters.checked = false;
      return true;
    }
    if (boxes().some((box) => box.checked)) {
      clear();
      return true;
    }
    return false;
  };

  // --- Keys ---
  const typing = (target) =>
    target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button])");
  const acts = (key) => {
    const bar = one("[data-actions]");
    if (!bar) return false;
    const found = one(`[data-act="${key}"]`, bar);
    if (!found) return false;
    if (found.tagName === "DETAILS") {
      for (const other of all("details[open]", bar)) if (other !== found) other.open = false;
      found.open = true;
      const field = one("textarea", found) || (key === "d" && one("textarea[name=reason]", bar)) || one("select, input", found);
      if (field) field.focus();
      return true;
    }
    found.click();
    return true;
  };
  let going = 0;
  const keys = {
    j: () => step(1) || follow('a[rel="next"][data-key]'),
    k: () => step(-1) || follow('a[rel="prev"][data-key]'),
    x: () => {
      const box = current && one('input[name="finding"]', current);
      if (!box) return false;
      box.checked = !box.checked;
      last = box;
      counted();
      return true;
    },
    a: () => {
      const bar = one("[data-actions]");
      if (!bar) return false;
      const known = boxes();
      if (known.length && !known.some((box) => box.checked)) {
        if (!current) step(1);
        keys.x();
      }
      bar.classList.add("is-open");
      const first = one("button:not([type=button]), summary", bar);
      if (first) first.focus();
      return true;
    },
    f: () => {
      const filters = one("#show-filters");
      if (!filters) return false;
      filters.checked = true;
      const first = one("#filters a");
      if (first) first.focus();
      return true;
    },
    "/": () => {
      const field = one("[data-key='/']");
      if (!field) return false;
      field.focus();
      field.select();
      return true;
    },
    "?": () => (help(), true),
    u: () => {
      const button = one("[data-key='u']");
      if (!button) return false;
      button.click();
      return true;
    },
    c: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("c") : false),
    d: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("d") : false),
    r: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("r") : false),
    m: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("m") : false),
    s: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("s") : false),
    p: () => (boxes().some((box) => box.checked) || one("[data-single]") ? acts("p") : false),
    g: () => ((going = Date.now()), true),
    Enter: () => {
      const link = current && (document.activeElement === document.body || document.activeElement === current) && one("[data-open]", current);
      if (!link) return false;
      link.click();
      return true;
    },
    Escape: closeOne,
  };
  const follow = (selector) => {
    const link = one(selector);
    if (!link) return false;
    link.click();
    return true;
  };
  const places = { t: "/triage", o: "/overview", p: "/projects", r: "/rules", a: "/audit", j: "/jobs", s: "/settings" };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || one("dialog[open]")) return;
    const target = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches("textarea")) {
      const sheet = target.closest(".act-sheet, form");
      // Only what is in sight: a closed sheet is not what somebody means.
      const button = sheet && all(sheet.matches(".comment") ? "button" : "button.primary", sheet).find((one) => one.offsetParent);
      if (button) {
        event.preventDefault();
        button.click();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(target)) {
      if (event.key === "Escape") {
        target.blur();
        if (closeOne()) event.preventDefault();
      }
      return;
    }
    if (going && Date.now() - going < 1500) {
      going = 0;
      const place = places[event.key];
      if (place && one(`.nav a[href="${place}"]`)) {
        event.preventDefault();
        location.assign(place);
        return;
      }
    }
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act && act()) event.preventDefault();
  });

  // --- After the page, or a part of it, came ---
  const came = (within) => {
    localTimes(within);
    // What is wider than its place has to be reachable for the keyboard.
    for (const box of all(".scroll:not([tabindex])", within)) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    counted();
    if (current && !current.isConnected) current = null;
    if (!current && location.hash.startsWith("#row-")) go(one(`[id="${location.hash.slice(1)}"]`));
  };
  const start = () => {
    came(document);
    try {
      const [path, index] = (sessionStorage.getItem(PLACE) || "").split(" ");
      sessionStorage.removeItem(PLACE);
      if (path === location.pathname && index !== undefined && rows().length)
        go(rows()[Math.min(Number(index), rows().length - 1)]);
    } catch { /* a browser that keeps nothing */ }
  };
  document.addEventListener("htmx:afterSettle", (event) => came(event.target));
  document.addEventListener("htmx:responseError", (event) => {
    // A refusal is a page of its own: show it as one.
    const path = event.detail && event.detail.pathInfo && event.detail.pathInfo.requestPath;
    if (path && event.detail.requestConfig.verb === "get") location.assign(path);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of all("form[data-sent]")) delete form.dataset.sent;
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
