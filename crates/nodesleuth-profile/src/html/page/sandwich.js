// Who calls a function, and whom it calls.

/// Sums of direct callers and callees as pprof's -peek has them: a call counts once for each
/// stack it is in, and a function that calls itself is no caller of itself.
function neighbours(tree, total, fn) {
  const callers = new Map();
  const callees = new Map();
  const count = (sums, opened, other, node) => {
    const depth = opened.get(other) ?? 0;
    opened.set(other, depth + 1);
    if (depth === 0) sums.set(other, (sums.get(other) ?? 0) + total[node]);
  };
  const openCallers = new Map();
  const openCallees = new Map();
  const close = (opened, other) => opened.set(other, opened.get(other) - 1);
  const caller = (node) => tree.fn[tree.parent[node]];
  walk(
    tree,
    (node) => {
      const from = caller(node);
      const to = tree.fn[node];
      if (from === to || from < 0) return;
      if (to === fn) count(callers, openCallers, from, node);
      if (from === fn) count(callees, openCallees, to, node);
    },
    (node) => {
      const from = caller(node);
      const to = tree.fn[node];
      if (from === to || from < 0) return;
      if (to === fn) close(openCallers, from);
      if (from === fn) close(openCallees, to);
    },
  );
  return { callers, callees };
}

/// Two trees whose only root is the function at its outermost place in each stack: callers
/// (nearest first) and callees.
function sandwichTrees(tree, functionCount, fn) {
  const side = (cut) =>
    mergeStacks(functionCount, (add) =>
      eachStack(tree, (path, row) => {
        const at = path.indexOf(fn);
        if (at >= 0) add(cut(path, at), row);
      }),
    );
  return {
    callers: side((path, at) => path.slice(0, at + 1).reverse()),
    callees: side((path, at) => path.slice(at)),
  };
}
