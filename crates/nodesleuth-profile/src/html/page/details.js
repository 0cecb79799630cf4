// What is known of a box: the tooltip under the pointer and the panel of the selected box.

const MOST_LINES = 6;

/// Numbers of a node as pairs of label and text.
function figures(model, state, layer, node) {
  const { measure } = layer;
  const type = model.type(state);
  const whole = model.graph(state).measure.total[0];
  const show = (value) => formatValue(value, type.unit);
  const { durationNanos } = model.profile;
  const cores = formatCores(measure.total[node], type, durationNanos);
  const rows = [
    ["total", `${show(measure.total[node])} · ${formatShare(measure.total[node], whole)}`],
  ];
  const self = selfShown(model, state, layer, node);
  if (self !== null) rows.push(["self", `${show(self)} · ${formatShare(self, whole)}`]);
  if (cores) rows.splice(1, 0, ["cores", cores.replace(" cores", "")]);
  if (measure.before) rows.push(...changeFigures(measure, node, show));
  return rows;
}

/// What a box costs without its callees. In a sandwich only the function itself has that, and in
/// all stacks, also where it calls itself. Merged from the leaf a box stands on its callee.
function selfShown(model, state, layer, node) {
  if (isGraph(state)) return state.from === "root" ? layer.measure.self[node] : null;
  return layer.tree.fn[node] === state.fn ? model.functions(state).flat[state.fn] : null;
}

function changeFigures({ total, before }, node, show) {
  const change = total[node] - before[node];
  return [
    ["before", show(before[node])],
    ["change", `${withSign(change, show(change))} · ${changeShare(total[node], before[node])}`],
  ];
}

function changeShare(now, before) {
  if (before === 0) return now === 0 ? "same" : "new";
  if (now === 0) return "gone";
  const change = now - before;
  // Beyond that a factor is read more easily than per cent.
  if (now / before >= 3) return `×${threeDigits(now / before)}`;
  return withSign(change, formatShare(change, before));
}

/// What a box is called, from the longest to the shortest, with its share or its change.
function labels(model, state) {
  const { functions } = model.profile;
  const whole = model.graph(state).measure.total[0];
  const { unit } = model.type(state);
  const change = ({ total, before }, node) => total[node] - before[node];
  const number = (measure, node) => {
    if (state.colour !== "change" || !measure.before) return formatShare(measure.total[node], whole);
    return withSign(change(measure, node), formatValue(change(measure, node), unit));
  };
  return (layer, node) => {
    const fn = functions[layer.tree.fn[node]];
    if (!fn && whole === 0) return ["no samples of this type", "none"];
    if (!fn) return [`all · ${formatValue(layer.measure.total[node], unit)}`, "all"];
    const text = number(layer.measure, node);
    const { name, shortName, barerNames } = fn;
    return [`${name} · ${text}`, `${shortName} · ${text}`, shortName, ...barerNames];
  };
}

/// Lines of a function by what they cost in the shown type.
function hottestLines(fn, type) {
  const cost = (line) => Math.abs(line.values[type] ?? 0);
  return [...fn.lines].sort((a, b) => cost(b) - cost(a));
}

class Details {
  constructor(model) {
    this.model = model;
    this.panel = byId("details");
    this.tip = byId("tip");
  }

  showTip(state, layer, node, x, y) {
    const { tip, model } = this;
    const fn = model.profile.functions[layer.tree.fn[node]];
    const line = fn && hottestLines(fn, state.type)[0];
    const file = line && `${model.profile.files[line.file].path}${line.line > 0 ? `:${line.line}` : ""}`;
    const numbers = figures(model, state, layer, node).map(([label, text]) => `${label} ${text}`);
    const parts = [
      make("b", { textContent: fn?.name ?? "all stacks" }),
      make("p", { textContent: numbers.join("   ") }),
    ];
    if (file) parts.push(make("p", { className: "file", textContent: file }));
    if (fn && fn.kind !== KIND.user) parts.push(make("p", { textContent: KIND_NAMES[fn.kind] }));
    tip.replaceChildren(...parts);
    tip.hidden = false;
    const room = { right: window.innerWidth - tip.offsetWidth - 8, down: window.innerHeight - tip.offsetHeight };
    tip.style.left = `${Math.max(4, Math.min(x + 14, room.right))}px`;
    tip.style.top = `${y + 18 > room.down ? Math.max(4, y - tip.offsetHeight - 10) : y + 18}px`;
  }

  hideTip() {
    this.tip.hidden = true;
  }

  /// Fills the panel. `actions` are [text, title, callback].
  show(state, layer, node, actions) {
    const { model } = this;
    const fn = model.profile.functions[layer.tree.fn[node]];
    const list = make("dl");
    for (const [label, text] of figures(model, state, layer, node)) {
      list.append(make("div", {}, make("dt", { textContent: label }), make("dd", { textContent: text })));
    }
    const name = make("h2", { textContent: fn?.name ?? "all stacks", title: "the selected box" });
    const buttons = make("p", { className: "actions" });
    for (const [text, title, callback] of actions) buttons.append(button(text, title, callback));
    this.panel.replaceChildren(name, list, this.sources(state, fn), buttons);
  }

  sources(state, fn) {
    const lines = make("p", { className: "sources" });
    if (!fn) lines.textContent = "Click a box to zoom in. / searches, ? shows the keys.";
    if (!fn || fn.lines.length === 0) return lines;
    const { profile } = this.model;
    const all = hottestLines(fn, state.type);
    const unit = profile.types[state.type].unit;
    for (const line of all.slice(0, MOST_LINES)) {
      const cost = line.values[state.type] ?? 0;
      const price = all.length > 1 && cost !== 0 ? ` ${formatValue(cost, unit)}` : "";
      lines.append(make("span", {}, sourceLink(profile, line, "source"), price));
    }
    const more = all.length - MOST_LINES + fn.moreLines;
    if (more > 0) lines.append(make("span", { textContent: `and ${more} more lines` }));
    return lines;
  }
}
