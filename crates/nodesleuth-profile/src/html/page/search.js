// Search: a regular expression over names of functions, in small letters also for capitals.

/// `matches[function]` is 1 for those that match, null without a query. What is no regular
/// expression (`error`), such as a pasted `fs.(*Manager).GetStats`, is searched for as it stands.
function searchFunctions(functions, query) {
  if (query === "") return { matches: null, error: false };
  let isMatch;
  let error = false;
  try {
    const expression = new RegExp(query, /[A-Z]/.test(query) ? "" : "i");
    isMatch = (name) => expression.test(name);
  } catch {
    error = true;
    isMatch = (name) => name.includes(query);
  }
  return { matches: Uint8Array.from(functions, (fn) => (isMatch(fn.name) ? 1 : 0)), error };
}

/// The next node in preorder whose function matches, going round.
function nextMatch(tree, matches, from, step) {
  for (let tried = 1; tried < tree.size; tried++) {
    const node = (((from + step * tried) % tree.size) + tree.size) % tree.size;
    if (node > 0 && matches[tree.fn[node]] === 1) return node;
  }
  return -1;
}
