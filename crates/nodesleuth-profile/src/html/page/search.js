// Search: a regular expression over names of functions, in small letters also for capitals.

/// `matches[function]` is 1 for those that match; `error` says what is wrong with the expression.
function searchFunctions(functions, query) {
  if (query === "") return { matches: null, error: "" };
  let expression;
  try {
    expression = new RegExp(query, /[A-Z]/.test(query) ? "u" : "iu");
  } catch (error) {
    return { matches: null, error: error.message };
  }
  const matches = new Uint8Array(functions.length);
  functions.forEach((fn, id) => (matches[id] = expression.test(fn.name) ? 1 : 0));
  return { matches, error: "" };
}

/// The next node in preorder whose function matches, going round.
function nextMatch(tree, matches, from, step) {
  for (let tried = 1; tried < tree.size; tried++) {
    const node = (((from + step * tried) % tree.size) + tree.size) % tree.size;
    if (node > 0 && matches[tree.fn[node]] === 1) return node;
  }
  return -1;
}
