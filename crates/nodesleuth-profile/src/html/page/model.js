// What is shown, computed from the profile and the page's state. Expensive parts are kept until
// what they depend on changes.

/// How the profile before is scaled before it is subtracted.
const COMPARE = {
  absolute: { label: "absolute", factor: () => 1 },
  rate: {
    label: "per second",
    factor: (profile) => profile.durationNanos / profile.beforeDurationNanos,
  },
  normalised: {
    label: "normalised",
    factor: (_, after, before) => (before === 0 ? 1 : after / before),
  },
};

function compareModes(profile) {
  const timed = profile.durationNanos > 0 && profile.beforeDurationNanos > 0;
  return Object.keys(COMPARE).filter((mode) => mode !== "rate" || timed);
}

/// Rates, if the durations are known and differ; else plain values.
function defaultCompare(profile) {
  const ratio = profile.durationNanos / profile.beforeDurationNanos;
  const differs = Number.isFinite(ratio) && ratio > 0 && Math.abs(ratio - 1) > 0.01;
  return differs ? "rate" : "absolute";
}

class Model {
  constructor(profile) {
    this.profile = profile;
    this.kept = new Map();
  }

  /// The result of `compute`, computed again only when `key` has changed.
  keep(name, key, compute) {
    const kept = this.kept.get(name);
    if (kept?.key === key) return kept.value;
    const value = compute();
    this.kept.set(name, { key, value });
    return value;
  }

  tree(state) {
    const { profile } = this;
    if (state.focus < 0 && state.hide.length === 0) return profile.tree;
    return this.keep("tree", treeKey(state), () =>
      filterTree(profile.tree, profile.functions.length, state.focus, state.hide),
    );
  }

  type(state) {
    return this.profile.types[state.type];
  }

  /// One number for each stack: now, and before as it is subtracted.
  values(state) {
    const { profile } = this;
    return this.keep("values", valuesKey(state), () => {
      const after = profile.values[state.type];
      if (!profile.hasBefore) return { after, before: null, factor: 1 };
      const raw = profile.values[profile.types.length + state.type];
      const factor = COMPARE[state.compare].factor(profile, sum(after), sum(raw));
      return { after, before: factor === 1 ? raw : raw.map((value) => value * factor), factor };
    });
  }

  /// Sums and places of the boxes of a tree.
  measure(name, tree, state, from) {
    const key = `${from}|${valuesKey(state)}|${state.width}`;
    return this.keep(`measure ${name}`, key, () => measure(tree, this.values(state), state.width));
  }

  /// What flame and icicle draw, to which zoom and selection belong.
  graph(state) {
    if (state.from === "root") return this.calls(state);
    const tree = this.keep("reversed", treeKey(state), () => reversedTree(this.tree(state)));
    return { tree, measure: this.measure("reversed", tree, state, treeKey(state)) };
  }

  /// The stacks from the root on, whatever is drawn: costs of functions are sums over these.
  calls(state) {
    const tree = this.tree(state);
    return { tree, measure: this.measure("calls", tree, state, treeKey(state)) };
  }

  sandwich(state) {
    const from = `${treeKey(state)}|${state.fn}`;
    const trees = this.keep("sandwich", from, () =>
      sandwichTrees(this.tree(state), this.profile.functions.length, state.fn),
    );
    const layer = (side) => ({
      tree: trees[side],
      measure: this.measure(side, trees[side], state, from),
    });
    return { callers: layer("callers"), callees: layer("callees") };
  }

  /// Flat and cum of every function; with `before`, theirs too.
  functions(state) {
    const { tree, measure } = this.calls(state);
    const count = this.profile.functions.length;
    return this.keep("functions", `${treeKey(state)}|${valuesKey(state)}`, () => {
      const now = sumsByFunction(tree, count, measure.self, measure.total);
      const before = measure.before && sumsByFunction(tree, count, measure.beforeSelf, measure.before);
      return { flat: now.flat, cum: now.cum, beforeFlat: before?.flat, beforeCum: before?.cum };
    });
  }

  /// What the stacks through each package cost: they overlap.
  packages(state) {
    const { tree, measure } = this.calls(state);
    const { functions, packages } = this.profile;
    return this.keep("packages", `${treeKey(state)}|${valuesKey(state)}`, () => {
      const grouped = { ...tree, fn: tree.fn.map((fn) => functions[fn]?.group ?? -1) };
      return sumsByFunction(grouped, packages.length, measure.self, measure.total).cum;
    });
  }

  /// Direct callers and callees: [function, now, before], most expensive first.
  neighbours(state) {
    const { tree, measure } = this.calls(state);
    const now = neighbours(tree, measure.total, state.fn);
    const before = measure.before && neighbours(tree, measure.before, state.fn);
    const rows = (side) =>
      [...now[side]]
        .map(([fn, value]) => ({ fn, value, before: before?.[side].get(fn) ?? 0 }))
        .filter((row) => row.value !== 0 || row.before !== 0)
        .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.fn - b.fn);
    return { callers: rows("callers"), callees: rows("callees") };
  }
}

function treeKey(state) {
  return `${state.focus};${state.hide.join()}`;
}

function valuesKey(state) {
  return `${state.type};${state.compare}`;
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

const WIDTHS = {
  after: (after) => Math.abs(after),
  before: (_, before) => Math.abs(before),
  both: (after, before) => Math.abs(after) + Math.abs(before),
};

function measure(tree, values, widthOf) {
  const self = selfOf(tree, values.after);
  const total = totalsOf(tree, self);
  const result = { self, total, before: null, beforeSelf: null };
  if (values.before) {
    result.beforeSelf = selfOf(tree, values.before);
    result.before = totalsOf(tree, result.beforeSelf);
  }
  const ownWidth = widths(tree, values, widthOf, self);
  result.width = ownWidth === self ? total : totalsOf(tree, ownWidth);
  result.left = leftEdges(tree, result.width, ownWidth);
  result.largestChange = largestChange(result);
  return result;
}

function widths(tree, values, widthOf, self) {
  const { after, before } = values;
  if (!before && !after.some((value) => value < 0)) return self;
  const one = WIDTHS[before ? widthOf : "after"];
  return selfOf(tree, after.map((value, row) => one(value, before?.[row] ?? 0)));
}

function largestChange(result) {
  let largest = 0;
  if (!result.before) return largest;
  for (let node = 1; node < result.total.length; node++) {
    largest = Math.max(largest, Math.abs(result.total[node] - result.before[node]));
  }
  return largest;
}
