// Boxes on the canvas. A layer is a tree with its measures, the node it is zoomed to, and where
// its rows are: `base` is the top of depth 0, `down` is 1 (icicle) or -1 (flame).

const ROW = 19;
const FONT = '12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
const PADDING = 4;
/// Narrower boxes are drawn together.
const NARROW = 1;

/// Scale of a layer: pixels for a unit, and what is left of the canvas.
function placeOf(layer, width) {
  const { left, width: size } = layer.measure;
  const unit = size[layer.zoom] > 0 ? width / size[layer.zoom] : 0;
  return { unit, origin: left[layer.zoom] };
}

/// Calls back with each box that is wide enough to see, callers first: node, x, width, depth.
/// Where boxes are narrower than a pixel, one stands for its neighbours.
function eachBox(layer, width, callback) {
  const { tree, measure, zoom } = layer;
  const { unit, origin } = placeOf(layer, width);
  for (let node = tree.parent[zoom]; node >= 0; node = tree.parent[node]) {
    callback(node, 0, width, tree.depth[node]);
  }
  if (measure.width[zoom] <= 0) callback(zoom, 0, width, tree.depth[zoom]);
  const filled = [];
  for (let node = zoom; node < tree.end[zoom]; ) {
    const x = (measure.left[node] - origin) * unit;
    const wide = measure.width[node] * unit;
    const depth = tree.depth[node];
    if (wide <= 0 || x + wide <= (filled[depth] ?? 0)) {
      node = tree.end[node];
      continue;
    }
    if (wide < NARROW) filled[depth] = x + NARROW;
    callback(node, x, Math.max(wide, NARROW), depth);
    node++;
  }
}

/// How many rows are seen at this zoom.
function rowsOf(layer, width) {
  let deepest = 0;
  eachBox(layer, width, (_, __, ___, depth) => {
    if (depth > deepest) deepest = depth;
  });
  return deepest + 1;
}

function rowTop(layer, depth) {
  return layer.base + layer.down * depth * ROW;
}

/// The node at a place of the canvas, or -1.
function nodeAt(layer, width, x, y) {
  const depth = Math.floor((layer.down * (y - layer.base) + (layer.down < 0 ? ROW : 0)) / ROW);
  const { tree, measure, zoom } = layer;
  if (depth < 0) return -1;
  let node = zoom;
  while (tree.depth[node] > depth) node = tree.parent[node];
  if (tree.depth[zoom] >= depth) return node;
  const { unit, origin } = placeOf(layer, width);
  const at = origin + x / unit;
  while (node >= 0 && tree.depth[node] < depth) node = childAt(tree, measure, node, at);
  return node;
}

function childAt(tree, measure, node, at) {
  for (let child = node + 1; child < tree.end[node]; child = tree.end[child]) {
    if (at >= measure.left[child] && at < measure.left[child] + measure.width[child]) return child;
  }
  return -1;
}

class Canvas {
  constructor(element) {
    this.element = element;
    this.context = element.getContext("2d", { alpha: false });
  }

  /// Sizes it in CSS pixels; drawing is in these, whatever the screen's resolution.
  resize(width, height) {
    const ratio = window.devicePixelRatio || 1;
    const { element } = this;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== w || element.height !== h) {
      element.width = w;
      element.height = h;
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
    }
    this.width = width;
    this.height = height;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /// Draws layers scrolled by `scroll` pixels. `look`: theme, colour(layer, node),
  /// matches (by function, or null), label(layer, node), isKernel(fn).
  draw(layers, scroll, look) {
    const { context } = this;
    context.fillStyle = look.theme.page;
    context.fillRect(0, 0, this.width, this.height);
    context.font = FONT;
    context.textBaseline = "middle";
    this.charWidth ??= context.measureText("0").width;
    for (const layer of layers) this.drawLayer(layer, scroll, look);
  }

  drawLayer(layer, scroll, look) {
    const { tree, zoom } = layer;
    eachBox(layer, this.width, (node, x, width, depth) => {
      if (depth === 0 && layer.hideRoot) return;
      const y = rowTop(layer, depth) - scroll;
      if (y + ROW < 0 || y > this.height) return;
      const above = depth < tree.depth[zoom];
      this.drawBox({ layer, node, x, y, width, above }, look);
    });
    if (layer.selected > 0) this.outline(layer, layer.selected, scroll, look);
  }

  drawBox(box, look) {
    const { context } = this;
    const { theme, matches } = look;
    const fn = box.layer.tree.fn[box.node];
    const hit = fn >= 0 && matches?.[fn] === 1;
    const faded = (matches && !hit) || box.above;
    const inner = box.width > 3 ? box.width - 1 : box.width;
    context.globalAlpha = faded ? 0.5 : 1;
    context.fillStyle = hit ? theme.mark : fn < 0 ? theme.all : look.colour(box.layer, box.node);
    context.fillRect(box.x, box.y, inner, ROW - 1);
    if (fn >= 0 && !hit && look.isKernel(fn) && box.width > 6) this.hatch(box, inner, theme);
    if (box.width > 3 * this.charWidth + 2 * PADDING) {
      context.globalAlpha = faded ? 0.75 : 1;
      context.fillStyle = hit ? theme.markText : theme.text;
      this.text(look.label(box.layer, box.node), box.x + PADDING, box.y, inner - 2 * PADDING);
    }
    context.globalAlpha = 1;
  }

  /// A stripe under kernel frames, so that they differ without colours too.
  hatch(box, width, theme) {
    const { context } = this;
    context.fillStyle = theme.hatch;
    for (let x = 0; x < width; x += 6) {
      context.fillRect(box.x + x, box.y + ROW - 4, Math.min(3, width - x), 3);
    }
  }

  /// The longest of the labels that fits, else the last one cut.
  text(labels, x, y, width) {
    const fits = (text) => text.length * this.charWidth <= width;
    const label = labels.find(fits) ?? labels[labels.length - 1];
    const room = Math.floor(width / this.charWidth);
    const shown = label.length > room ? `${label.slice(0, Math.max(1, room - 1))}…` : label;
    this.context.fillText(shown, x, y + ROW / 2, width);
  }

  outline(layer, node, scroll, look) {
    const { unit, origin } = placeOf(layer, this.width);
    const { left, width } = layer.measure;
    const start = Math.max(0, (left[node] - origin) * unit);
    const stop = Math.min(this.width, (left[node] + width[node] - origin) * unit);
    if (stop < start) return;
    const y = rowTop(layer, layer.tree.depth[node]) - scroll;
    this.context.strokeStyle = look.theme.select;
    this.context.lineWidth = 2;
    this.context.strokeRect(start + 1, y + 1, Math.max(2, stop - start - 3), ROW - 3);
  }
}
