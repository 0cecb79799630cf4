// Tables: all functions by cost, and the neighbours in the sandwich.

/// So many rows are put in at a time: a table of 50,000 rows would be slow.
const ROWS_AT_ONCE = 200;
/// Names are not so long, unless somebody wants to do harm.
const MOST_BREAKS = 50;

function barCell(share, text, className) {
  const cell = make("td", { className: `number ${className ?? ""}` }, make("span", { textContent: text }));
  const percent = Math.min(100, Math.abs(share) * 100);
  cell.style.setProperty("--share", `${Number.isFinite(percent) ? percent.toFixed(2) : 0}%`);
  return cell;
}

class TopTable {
  constructor(model, change) {
    this.model = model;
    this.change = change;
    this.element = byId("top");
    this.limit = ROWS_AT_ONCE;
  }

  show(state, matches) {
    const sums = this.model.functions(state);
    const rows = this.rows(state, sums, matches);
    const body = make("tbody");
    for (const fn of rows.slice(0, this.limit)) body.append(this.row(state, sums, fn));
    const table = make("table", {}, this.head(state), body);
    const whole = `${rows.length.toLocaleString("en-US")} functions`;
    const caption = matches ? `${whole} that match the search` : whole;
    table.prepend(make("caption", { textContent: caption }));
    this.element.replaceChildren(table, this.more(state, rows.length, matches) ?? "");
  }

  more(state, count, matches) {
    if (count <= this.limit) return null;
    const text = `show ${Math.min(ROWS_AT_ONCE, count - this.limit)} more of ${count - this.limit}`;
    return button(text, "", () => {
      this.limit += ROWS_AT_ONCE;
      this.show(state, matches);
    });
  }

  rows(state, sums, matches) {
    const { functions } = this.model.profile;
    const counts = (fn) => sums.cum[fn] !== 0 || sums.flat[fn] !== 0 || (sums.beforeCum?.[fn] ?? 0) !== 0;
    const ids = functions.map((_, fn) => fn).filter((fn) => counts(fn) && (!matches || matches[fn]));
    const size = {
      name: () => 0,
      flat: (fn) => Math.abs(sums.flat[fn]),
      cum: (fn) => Math.abs(sums.cum[fn]),
      change: (fn) => Math.abs(sums.flat[fn] - (sums.beforeFlat?.[fn] ?? sums.flat[fn])),
    }[state.sort];
    return ids.sort((a, b) => size(b) - size(a) || a - b);
  }

  columns() {
    const columns = [
      ["flat", "Flat", "without what it calls"],
      ["cum", "Cum", "with what it calls"],
    ];
    if (this.model.profile.hasBefore) columns.push(["change", "Change of flat", "now minus before"]);
    return [...columns, ["name", "Function", ""]];
  }

  head(state) {
    const row = make("tr");
    for (const [sort, text, title] of this.columns()) {
      const sorted = state.sort === sort;
      const header = button(`${text}${sorted ? (sort === "name" ? " ▲" : " ▼") : ""}`, title, () =>
        this.change({ sort }),
      );
      const direction = sort === "name" ? "ascending" : "descending";
      row.append(make("th", { scope: "col", aria: { sort: sorted ? direction : "none" } }, header));
    }
    row.append(make("th", { scope: "col", textContent: "Source" }));
    return make("thead", {}, row);
  }

  row(state, sums, fn) {
    const { profile } = this.model;
    const { unit } = this.model.type(state);
    const whole = this.model.graph(state).measure.total[0];
    const cell = (value) =>
      barCell(value / whole, `${formatValue(value, unit)}  ${formatShare(value, whole)}`, "plain");
    const row = make("tr", {}, cell(sums.flat[fn]), cell(sums.cum[fn]));
    if (profile.hasBefore) row.append(changeCell(sums.flat[fn], sums.beforeFlat[fn], unit));
    row.append(make("td", { className: "name" }, this.nameButton(fn)), this.source(state, fn));
    return row;
  }

  nameButton(fn) {
    const name = this.model.profile.functions[fn].name;
    const element = button("", "callers and callees", () => this.change({ fn, view: "sandwich" }));
    element.append(...breakable(name));
    return element;
  }

  source(state, fn) {
    const { profile } = this.model;
    const line = hottestLines(profile.functions[fn], state.type)[0];
    return make("td", { className: "file" }, line ? sourceLink(profile, line, "source") : "");
  }
}

/// A name that is broken where a reader would break it, if it must be.
function breakable(name) {
  const parts = name.split(/(?<=[./])/);
  return parts.flatMap((part, at) => (at === 0 || at > MOST_BREAKS ? [part] : [make("wbr"), part]));
}

function changeCell(now, before, unit) {
  const change = now - before;
  const text = change === 0 ? "0" : withSign(change, formatValue(change, unit));
  return make("td", { className: `number ${change > 0 ? "more" : change < 0 ? "less" : ""}`, textContent: text });
}

class NeighbourTables {
  constructor(model, change) {
    this.model = model;
    this.change = change;
    this.element = byId("neighbours");
  }

  show(state) {
    const { callers, callees } = this.model.neighbours(state);
    const sums = this.model.functions(state);
    const own = make("p", { textContent: `itself (flat): ${formatValue(sums.flat[state.fn], this.model.type(state).unit)}` });
    this.element.replaceChildren(
      this.table(state, "Callers", callers, sums.cum[state.fn]),
      this.table(state, "Callees", callees, sums.cum[state.fn]),
      own,
    );
  }

  table(state, title, rows, whole) {
    const { functions, hasBefore } = this.model.profile;
    const { unit } = this.model.type(state);
    const body = make("tbody");
    for (const { fn, value, before } of rows.slice(0, ROWS_AT_ONCE)) {
      const text = `${formatValue(value, unit)}  ${formatShare(value, whole)}`;
      const name = button(functions[fn].shortName, functions[fn].name, () => this.change({ fn }));
      const row = make("tr", {}, barCell(value / whole, text, "plain"));
      if (hasBefore) row.append(changeCell(value, before, unit));
      row.append(make("td", { className: "name" }, name));
      body.append(row);
    }
    const caption = rows.length === 0 ? `${title}: none` : title;
    return make("table", {}, make("caption", { textContent: caption }), body);
  }
}
