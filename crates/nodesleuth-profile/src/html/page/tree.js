// Trees of calls. Nodes are numbers in preorder: 0 is "all", a node's subtree is `node` up to
// `end[node]`. Values belong to stacks (rows of the data), so that one tree serves all types.

class TreeBuilder {
  constructor(nodes, stacks) {
    this.size = 1;
    this.fn = new Int32Array(nodes).fill(-1, 0, 1);
    this.parent = new Int32Array(nodes).fill(-1, 0, 1);
    this.depth = new Int32Array(nodes);
    this.rowNode = new Int32Array(stacks);
    this.row = new Int32Array(stacks);
  }

  add(fn, parent) {
    const node = this.size++;
    this.fn[node] = fn;
    this.parent[node] = parent;
    this.depth[node] = this.depth[parent] + 1;
    return node;
  }

  endStack(index, node, row) {
    this.rowNode[index] = node;
    this.row[index] = row;
  }

  finish() {
    const { size, fn, parent, depth, rowNode, row } = this;
    const end = new Int32Array(size);
    for (let node = size - 1; node >= 0; node--) {
      if (end[node] === 0) end[node] = node + 1;
      if (node > 0 && end[parent[node]] < end[node]) end[parent[node]] = end[node];
    }
    return { size, fn, parent, depth, end, rowNode, row };
  }
}

/// Merges stacks that come in any order: `stacks` calls back with functions root first, and
/// the row of the data that holds the values.
function mergeStacks(functionCount, stacks) {
  const children = new Map();
  const fn = [-1];
  const parent = [-1];
  const ends = [];
  stacks((path, row) => {
    let node = 0;
    for (const f of path) {
      const key = node * functionCount + f;
      let child = children.get(key);
      if (child === undefined) {
        child = fn.length;
        children.set(key, child);
        fn.push(f);
        parent.push(node);
      }
      node = child;
    }
    ends.push(node, row);
  });
  return inPreorder(fn, parent, ends);
}

/// Children are ordered by function, as in the data.
function inPreorder(fn, parent, ends) {
  const byParent = Array.from(fn, () => null);
  for (let node = 1; node < fn.length; node++) (byParent[parent[node]] ??= []).push(node);
  const tree = new TreeBuilder(fn.length, ends.length / 2);
  const renamed = new Int32Array(fn.length);
  const open = [0];
  while (open.length > 0) {
    const node = open.pop();
    if (node > 0) renamed[node] = tree.add(fn[node], renamed[parent[node]]);
    const children = byParent[node] ?? [];
    children.sort((a, b) => fn[b] - fn[a]);
    for (const child of children) open.push(child);
  }
  for (let at = 0; at < ends.length; at += 2) {
    tree.endStack(at / 2, renamed[ends[at]], ends[at + 1]);
  }
  return tree.finish();
}

/// The same stacks merged from the leaf: callers stand on the functions they call. Rows are sorted
/// by their functions, leaf first, and need not be written down for it: a stack is the way from
/// its node to the root.
function reversedTree(tree) {
  const { fn, parent, depth, rowNode, row } = tree;
  const order = orderFromLeaf(tree);
  const shared = Int32Array.from(order, (index, at) =>
    at === 0 ? 0 : sharedFromLeaf(tree, rowNode[order[at - 1]], rowNode[index]),
  );
  let nodes = 1;
  for (let at = 0; at < order.length; at++) nodes += depth[rowNode[order[at]]] - shared[at];
  const reversed = new TreeBuilder(nodes, order.length);
  const path = [0];
  for (let at = 0; at < order.length; at++) {
    let node = rowNode[order[at]];
    for (let skipped = 0; skipped < shared[at]; skipped++) node = parent[node];
    path.length = shared[at] + 1;
    for (; node > 0; node = parent[node]) path.push(reversed.add(fn[node], path[path.length - 1]));
    reversed.endStack(at, path[path.length - 1], row[order[at]]);
  }
  return reversed.finish();
}

/// Fewer are sorted by comparing whole stacks.
const FEW = 40;

/// Rows sorted by their functions, leaf first: by the leaf, then equal ones by its caller, and so
/// on, which looks at no more of a stack than it shares with others.
function orderFromLeaf(tree) {
  const { fn, parent, rowNode } = tree;
  const order = Uint32Array.from(rowNode, (_, index) => index);
  const at = Int32Array.from(rowNode);
  const byStack = (a, b) => compareFromLeaf(tree, at[a], at[b]) || a - b;
  const open = [[0, order.length]];
  while (open.length > 0) {
    const [start, end] = open.pop();
    const rows = order.subarray(start, end);
    if (rows.length < FEW) {
      rows.sort(byStack);
      continue;
    }
    sortBy(rows, (row) => fn[at[row]] + 1);
    for (let first = start; first < end; ) {
      const node = at[order[first]];
      let next = first + 1;
      let differ = false;
      for (; next < end && fn[at[order[next]]] === fn[node]; next++) differ ||= at[order[next]] !== node;
      if (differ && node > 0) {
        for (const row of order.subarray(first, next)) at[row] = parent[at[row]];
        open.push([first, next]);
      }
      first = next;
    }
  }
  return order;
}

/// Sorts by a small number, equal ones as they were. Numbers alone are sorted without callbacks.
function sortBy(rows, keyOf) {
  const { length } = rows;
  const keys = Float64Array.from(rows, (row, place) => keyOf(row) * length + place).sort();
  const before = rows.slice();
  for (let place = 0; place < length; place++) rows[place] = before[keys[place] % length];
}

function compareFromLeaf({ fn, parent }, a, b) {
  while (a !== b && a > 0 && b > 0) {
    if (fn[a] !== fn[b]) return fn[a] - fn[b];
    a = parent[a];
    b = parent[b];
  }
  return a === b ? 0 : (a > 0) - (b > 0);
}

/// How many functions two stacks have in common, from their leaves on.
function sharedFromLeaf({ fn, parent, depth }, a, b) {
  let shared = 0;
  for (; a > 0 && b > 0 && fn[a] === fn[b]; shared++) {
    if (a === b) return shared + depth[a];
    a = parent[a];
    b = parent[b];
  }
  return shared;
}

/// Calls back with each stack's functions, root first. The array is used again.
function eachStack(tree, callback) {
  const path = [];
  for (let index = 0; index < tree.row.length; index++) {
    path.length = 0;
    for (let node = tree.rowNode[index]; node > 0; node = tree.parent[node]) path.push(tree.fn[node]);
    path.reverse();
    callback(path, tree.row[index]);
  }
}

/// Only stacks with function `focus` (−1: all), without the frames of the `hidden` functions.
function filterTree(tree, functionCount, focus, hidden) {
  const hide = new Set(hidden);
  return mergeStacks(functionCount, (add) =>
    eachStack(tree, (path, row) => {
      if (focus >= 0 && !path.includes(focus)) return;
      add(hide.size > 0 ? path.filter((f) => !hide.has(f)) : path, row);
    }),
  );
}

/// Sums of the stacks that end in a node.
function selfOf(tree, values) {
  const self = new Float64Array(tree.size);
  for (let at = 0; at < tree.row.length; at++) self[tree.rowNode[at]] += values[tree.row[at]];
  return self;
}

/// Sums of all stacks through a node.
function totalsOf(tree, self) {
  const total = Float64Array.from(self);
  for (let node = tree.size - 1; node > 0; node--) total[tree.parent[node]] += total[node];
  return total;
}

/// Left edges of boxes as wide as `width`: a box's own part first, then its children.
function leftEdges(tree, width, ownWidth) {
  const left = new Float64Array(tree.size);
  const next = new Float64Array(tree.size);
  next[0] = ownWidth[0];
  for (let node = 1; node < tree.size; node++) {
    const parent = tree.parent[node];
    left[node] = next[parent];
    next[node] = next[parent] + ownWidth[node];
    next[parent] += width[node];
  }
  return left;
}

/// Visits nodes in preorder, with a callback when a node's subtree is over.
function walk(tree, enter, leave) {
  const open = [];
  for (let node = 1; node < tree.size; node++) {
    while (open.length > 0 && tree.end[open[open.length - 1]] <= node) leave(open.pop());
    open.push(node);
    enter(node);
  }
  while (open.length > 0) leave(open.pop());
}

/// Flat and cumulative sums of each function; a stack counts once however often it recurs.
function sumsByFunction(tree, functionCount, self, total) {
  const flat = new Float64Array(functionCount);
  const cum = new Float64Array(functionCount);
  const open = new Int32Array(functionCount);
  walk(
    tree,
    (node) => {
      const fn = tree.fn[node];
      flat[fn] += self[node];
      if (open[fn]++ === 0) cum[fn] += total[node];
    },
    (node) => open[tree.fn[node]]--,
  );
  return { flat, cum };
}

/// Sum of the stacks in which some function matches; each stack counts once.
function sumOfMatching(tree, total, matches) {
  let sum = 0;
  let boxes = 0;
  for (let node = 1; node < tree.size; ) {
    const hit = matches[tree.fn[node]] === 1;
    if (hit) {
      sum += total[node];
      boxes++;
    }
    node = hit ? tree.end[node] : node + 1;
  }
  return { sum, boxes };
}
