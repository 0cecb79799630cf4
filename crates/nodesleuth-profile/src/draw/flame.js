// Zoom, search and details for one flame graph. All it knows it reads off the boxes themselves.
(function () {
  "use strict";
  const root = document.currentScript.ownerSVGElement;
  const NS = root.namespaceURI;
  const LINE = 16, COLUMN = 7.25, MARGIN = 10, UNITS = 1e6;
  const one = (selector) => root.querySelector(selector);
  const frame = one(".boxes"), labels = one(".labels"), path = one(".path");
  const boxes = Array.from(frame.querySelectorAll("rect"), (rect) => {
    const number = (name) => Number(rect.getAttribute(name));
    const text = rect.firstChild.textContent, end = text.indexOf("\n");
    return {
      rect, name: text.slice(0, end), cost: text.slice(end + 1),
      x: number("x"), y: number("y"), width: number("width"),
      inline: rect.classList.contains("inline"),
    };
  });
  const all = boxes[0];
  const byRect = new Map(boxes.map((box) => [box.rect, box]));
  const rise = boxes.some((box) => box.y < all.y) ? -1 : 1;
  const level = (box) => (box.y - all.y) / LINE * rise;
  const holds = (outer, inner) => outer.x <= inner.x && outer.x + outer.width >= inner.x + inner.width;
  let zoomed = all, inner = 0;

  function svg(name, attributes, parent) {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return parent.appendChild(element);
  }

  // Labels: as the still picture has them.
  const columns = (c) => (c < "\u1100" || c === "\u2026" ? 1 : 2);
  function cut(text, room) {
    let used = 0, end = 0;
    for (const c of text) {
      used += columns(c);
      if (used > room) return text.slice(0, end);
      end += c.length;
    }
    return text;
  }
  function shortName(name) {
    const end = name.search(/[(\[< ]/), at = name.slice(0, end < 0 ? name.length : end).lastIndexOf("/");
    return name.startsWith("/") ? name : name.slice(at + 1);
  }
  function label(name, room) {
    const short = shortName(name);
    for (const text of [name, short]) if (cut(text, room) === text) return text;
    return cut(short, room - 1) + "\u2026";
  }

  function draw() {
    const scale = inner / zoomed.width, fresh = document.createDocumentFragment();
    frame.setAttribute("viewBox", `${zoomed.x} 0 ${zoomed.width} ${frame.getAttribute("height")}`);
    for (const box of boxes) {
      const left = Math.max(0, (box.x - zoomed.x) * scale);
      const right = Math.min(inner, (box.x + box.width - zoomed.x) * scale);
      const room = Math.floor((right - left - 6) / COLUMN);
      if (room < 3) continue;
      const text = svg("text", { x: (left + 3).toFixed(1), y: box.y + 12 }, fresh);
      if (box.inline) text.setAttribute("class", "inline");
      text.textContent = label(box.name, room);
    }
    labels.replaceChildren(fresh);
  }

  // The way from all to the zoomed box; its boxes are below it too, so the middle may be left out.
  function crumbs() {
    path.replaceChildren();
    if (zoomed === all) return;
    const way = boxes.filter((box) => level(box) < level(zoomed) && holds(box, zoomed));
    const shown = way.length > 3 ? [way[0], null, ...way.slice(-2)] : way;
    for (const box of [...shown, zoomed]) {
      if (box !== all) path.append(" \u203a ");
      if (!box) { path.append("\u2026"); continue; }
      const step = svg("tspan", {}, path);
      step.textContent = box === all ? "all" : cut(shortName(box.name), 40);
      step.addEventListener("click", () => zoom(box));
    }
  }

  function zoom(box) {
    zoomed = box;
    draw();
    crumbs();
    search();
  }

  // Tools need HTML for a text field.
  const holder = svg("foreignObject", { y: 6, height: 30 }, root);
  const html = (name, parent) =>
    parent.appendChild(document.createElementNS("http://www.w3.org/1999/xhtml", name));
  const tools = html("div", holder);
  tools.className = "tools";
  const found = html("span", tools), field = html("input", tools), reset = html("button", tools);
  field.placeholder = "search: / or Ctrl-F, regex";
  field.setAttribute("aria-label", "search");
  reset.textContent = "reset";
  reset.type = "button";

  function pattern() {
    try {
      field.classList.remove("wrong");
      return field.value === "" ? null : new RegExp(field.value);
    } catch (error) {
      field.classList.add("wrong");
      return null;
    }
  }
  // Price of what was found: a box inside a found one is already paid for.
  function search() {
    const regex = pattern(), right = zoomed.x + zoomed.width, verdicts = new Map();
    let paid = 0, end = zoomed.x, count = 0;
    for (const box of boxes) {
      if (!verdicts.has(box.name)) verdicts.set(box.name, regex !== null && regex.test(box.name));
      const hit = box !== all && verdicts.get(box.name);
      box.rect.classList.toggle("found", hit);
      const from = Math.max(box.x, end), to = Math.min(box.x + box.width, right);
      if (!hit || box.x >= right || box.x + box.width <= zoomed.x) continue;
      count += 1;
      if (to > from) { paid += to - from; end = to; }
    }
    const share = (whole) => (100 * paid / whole).toFixed(2) + "%";
    if (field.classList.contains("wrong")) found.textContent = "not a regular expression";
    else if (regex === null) found.textContent = "";
    else found.textContent = `${count} boxes, ${share(UNITS)} of all` +
      (zoomed === all ? "" : `, ${share(zoomed.width)} of the zoomed`);
  }

  // Details stay at the lower edge of the window.
  const bar = svg("g", { visibility: "hidden" }, root);
  const ground = svg("rect", { class: "bar", height: 20, width: "100%" }, bar);
  const details = svg("text", { class: "details", x: MARGIN, y: 14 }, bar);
  bar.style.pointerEvents = "none";
  function place() {
    const box = root.getBoundingClientRect();
    const edge = Math.min(box.height, window.innerHeight - box.top) - Number(ground.getAttribute("height"));
    bar.setAttribute("transform", `translate(0 ${Math.max(0, edge)})`);
  }
  function show(box) {
    bar.setAttribute("visibility", box ? "visible" : "hidden");
    if (!box) return;
    const room = Math.floor(inner / COLUMN) - box.cost.length - 3;
    details.textContent = `${label(box.name, Math.max(room, 3))} \u2014 ${box.cost}`;
    place();
  }

  function fit() {
    if (root === document.documentElement) root.setAttribute("width", "100%");
    inner = Math.max(300, root.getBoundingClientRect().width - 2 * MARGIN);
    frame.setAttribute("width", inner);
    holder.setAttribute("x", Math.max(MARGIN, inner + MARGIN - 560));
    holder.setAttribute("width", Math.min(560, inner));
    draw();
    place();
  }

  frame.addEventListener("click", (event) => {
    const box = byRect.get(event.target);
    if (box) zoom(box);
  });
  frame.addEventListener("mouseover", (event) => show(byRect.get(event.target)));
  frame.addEventListener("mouseleave", () => show(null));
  field.addEventListener("input", search);
  function clear() {
    field.value = "";
    zoom(all);
  }
  reset.addEventListener("click", clear);
  window.addEventListener("keydown", (event) => {
    const find = (event.ctrlKey || event.metaKey) && event.key === "f";
    if (find || (event.key === "/" && event.target !== field)) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape") {
      if (field.value !== "") { field.value = ""; search(); } else zoom(all);
      field.blur();
    }
  });
  window.addEventListener("resize", fit);
  window.addEventListener("scroll", place);
  fit();
})();
