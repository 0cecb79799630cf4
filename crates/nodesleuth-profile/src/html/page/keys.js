// The keyboard: moving over boxes, and one key for each view.

/// Moves in the direction of the screen. Returns the node moved to.
function neighbourNode(layer, key) {
  const { tree, selected, measure, zoom } = layer;
  const from = selected > 0 ? selected : zoom;
  const outwards = layer.down < 0 ? "ArrowUp" : "ArrowDown";
  if (key === outwards) return widestChild(tree, measure, from);
  if (key === "ArrowLeft" || key === "ArrowRight") return sibling(tree, measure, from, key === "ArrowRight");
  return Math.max(0, tree.parent[from]);
}

function childrenOf(tree, measure, node) {
  const children = [];
  for (let child = node + 1; child < tree.end[node]; child = tree.end[child]) {
    if (measure.width[child] > 0) children.push(child);
  }
  return children;
}

function widestChild(tree, measure, node) {
  const children = childrenOf(tree, measure, node);
  return children.reduce((best, child) => (measure.width[child] > measure.width[best] ? child : best), children[0] ?? node);
}

function sibling(tree, measure, node, right) {
  if (node === 0) return 0;
  const siblings = childrenOf(tree, measure, tree.parent[node]);
  return siblings[siblings.indexOf(node) + (right ? 1 : -1)] ?? node;
}

/// What a key does: a function of the page, or undefined.
function actionOf(key, page) {
  const { state } = page;
  const graph = isGraph(state);
  if (key.startsWith("Arrow")) return graph ? () => page.move(key) : undefined;
  return {
    "/": () => byId("query").focus(),
    "?": () => page.toggleHelp(),
    Escape: () => page.escape(),
    Enter: () => graph && page.zoomTo(state.selected),
    Backspace: () => graph && page.zoomOut(),
    1: () => page.change({ view: "flame" }),
    2: () => page.change({ view: "icicle" }),
    3: () => page.showSandwich(),
    4: () => page.change({ view: "top" }),
    n: () => page.toMatch(1),
    N: () => page.toMatch(-1),
    s: () => page.showSandwich(),
    f: () => page.focusSelected(),
    h: () => page.hideSelected(),
    r: () => graph && page.filter({ from: state.from === "root" ? "leaf" : "root" }),
    c: () => page.nextColour(),
    t: () => page.change({ type: (state.type + 1) % page.model.profile.types.length }),
    y: () => page.copyName(),
  }[key];
}

function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    const typing = tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA";
    if (typing && event.key !== "Escape") return;
    if (event.key === "Enter" && (tag === "BUTTON" || tag === "A")) return;
    const action = actionOf(event.key, page);
    if (!action) return;
    event.preventDefault();
    if (typing) event.target.blur();
    action();
  });
}
