// The chart: layers of boxes in a scrolling frame, and what is under the pointer.

class Chart {
  constructor(model) {
    this.model = model;
    this.frame = byId("chart");
    this.spacer = byId("spacer");
    this.canvas = new Canvas(byId("canvas"));
    this.layers = [];
  }

  /// Places the layers of a view; returns the height of all rows.
  arrange(state, width) {
    if (state.view === "sandwich") return this.arrangeSandwich(state, width);
    const graph = { ...this.model.graph(state), zoom: state.zoom, selected: state.selected };
    const layer = withBoxes(graph, width);
    const height = Math.max((layer.deepest + 1) * ROW, this.frame.clientHeight);
    const flame = state.view === "flame";
    this.layers = [{ ...layer, down: flame ? -1 : 1, base: flame ? height - ROW : 0 }];
    return height;
  }

  /// Callers grow upwards from the function, callees downwards.
  arrangeSandwich(state, width) {
    const { callers, callees } = this.model.sandwich(state);
    const zoomOf = (layer) => withBoxes({ ...layer, zoom: layer.tree.size > 1 ? 1 : 0, selected: 0 }, width);
    const up = { ...zoomOf(callers), down: -1, hideRoot: true };
    // Drawn last: its first row is over that of the callers.
    const down = { ...zoomOf(callees), down: 1, hideRoot: true, selected: callees.tree.size > 1 ? 1 : 0 };
    const rowsUp = up.deepest;
    const rowsDown = down.deepest;
    up.base = rowsUp * ROW;
    down.base = (rowsUp - 2) * ROW;
    this.layers = [up, down];
    return Math.max((rowsUp + rowsDown) * ROW, this.frame.clientHeight);
  }

  render(state, look) {
    const width = this.frame.clientWidth;
    const height = this.arrange(state, width);
    this.spacer.style.height = `${height}px`;
    this.canvas.resize(width, this.frame.clientHeight);
    this.look = look;
    this.keepInSight(state);
    this.paint();
  }

  paint() {
    this.canvas.draw(this.layers, this.frame.scrollTop, this.look);
  }

  /// Scrolls to the root when the picture is another, else to the selected box.
  keepInSight(state) {
    const picture = `${state.view} ${state.from} ${state.zoom} ${state.fn} ${state.focus} ${state.hide}`;
    const [layer] = this.layers;
    const view = this.frame.clientHeight;
    if (picture !== this.picture) {
      const middle = state.view === "sandwich" ? layer.base - view / 2 : 0;
      this.frame.scrollTop = state.view === "flame" ? layer.base : middle;
      this.picture = picture;
    }
    if (layer.selected > 0) {
      const top = rowTop(layer, layer.tree.depth[layer.selected]);
      const { scrollTop } = this.frame;
      if (top < scrollTop) this.frame.scrollTop = top - ROW;
      if (top + ROW > scrollTop + view) this.frame.scrollTop = top + 2 * ROW - view;
    }
  }

  /// The layer and node at a point of the window, or null.
  at(clientX, clientY) {
    const area = this.canvas.element.getBoundingClientRect();
    const x = clientX - area.left;
    const y = clientY - area.top + this.frame.scrollTop;
    for (const layer of this.layers) {
      const node = nodeAt(layer, this.canvas.width, x, y);
      if (node >= 0 && !(node === 0 && layer.hideRoot)) return { layer, node };
    }
    return null;
  }

  /// The boxes as they are drawn, for tests and scripts.
  boxes() {
    const { functions } = this.model.profile;
    const found = [];
    const area = this.canvas.element.getBoundingClientRect();
    for (const layer of this.layers) {
      for (const { node, x, width, depth } of layer.boxes) {
        if (depth === 0 && layer.hideRoot) continue;
        const fn = layer.tree.fn[node];
        const top = rowTop(layer, depth) - this.frame.scrollTop;
        const name = functions[fn]?.name ?? "all";
        const value = layer.measure.total[node];
        const colour = fn < 0 ? "" : this.look.colour(layer, node);
        found.push({ node, name, value, colour, x: area.left + x, y: area.top + top, width, height: ROW, depth });
      }
    }
    return found;
  }
}
