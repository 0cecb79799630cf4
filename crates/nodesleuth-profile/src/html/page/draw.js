// Boxes on the canvas. A layer is a tree with its measures, the node it is zoomed to, and where
// its rows are: `base` is the top of depth 0, `down` is 1 (icicle) or -1 (flame).

const ROW = 19;
const FONT = '12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
const PADDING = 4;
/// Narrower boxes are drawn together.
const NARROW = 1;
/// Narrower boxes have no border and no text, and are drawn as pixels.
const SLIVER = 4;
const FADED = 0.5;

/// Scale of a layer: pixels for a unit, and what is left of the canvas.
function placeOf(layer, width) {
  const { left, width: size } = layer.measure;
  const unit = size[layer.zoom] > 0 ? width / size[layer.zoom] : 0;
  return { unit, origin: left[layer.zoom] };
}

/// The boxes that are wide enough to see, callers first, and the depth of the deepest. Where
/// boxes are narrower than a pixel, one stands for its neighbours.
function boxesOf(layer, width) {
  const { tree, measure, zoom } = layer;
  const { unit, origin } = placeOf(layer, width);
  const boxes = [];
  let deepest = tree.depth[zoom];
  for (let node = tree.parent[zoom]; node >= 0; node = tree.parent[node]) {
    boxes.push({ node, x: 0, width, depth: tree.depth[node] });
  }
  if (measure.width[zoom] <= 0) boxes.push({ node: zoom, x: 0, width, depth: tree.depth[zoom] });
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
    if (depth > deepest) deepest = depth;
    boxes.push({ node, x, width: Math.max(wide, NARROW), depth });
    node++;
  }
  return { boxes, deepest };
}

/// Adds to a layer what is drawn of it.
function withBoxes(layer, width) {
  return { ...layer, ...boxesOf(layer, width) };
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
    const zoomDepth = layer.tree.depth[layer.zoom];
    const slivers = new Slivers(this);
    for (const box of layer.boxes) {
      if (box.depth === 0 && layer.hideRoot) continue;
      const y = rowTop(layer, box.depth) - scroll;
      if (y + ROW < 0 || y > this.height) continue;
      const paint = this.paintOf(layer, box, box.depth < zoomDepth, look);
      if (box.width < SLIVER) slivers.add(y, box, paint);
      else this.drawBox(layer, box, y, paint, look);
    }
    slivers.draw(look.theme);
    if (layer.selected > 0) this.outline(layer, layer.selected, scroll, look);
  }

  /// How a box is filled: faded where it is above the zoom or not found.
  paintOf(layer, { node }, above, { theme, matches, colour }) {
    const fn = layer.tree.fn[node];
    const hit = fn >= 0 && matches?.[fn] === 1;
    const faded = above || (matches !== null && !hit);
    return { fn, hit, faded, colour: hit ? theme.mark : fn < 0 ? theme.all : colour(layer, node) };
  }

  drawBox(layer, box, y, { fn, hit, faded, colour }, look) {
    const { context } = this;
    const { theme } = look;
    const inner = box.width - 1;
    context.globalAlpha = faded ? FADED : 1;
    context.fillStyle = colour;
    context.fillRect(box.x, y, inner, ROW - 1);
    if (fn >= 0 && !hit && look.isKernel(fn)) this.hatch(box.x, y, inner, theme);
    if (box.width > 3 * this.charWidth + 2 * PADDING) {
      context.globalAlpha = faded ? 0.75 : 1;
      context.fillStyle = hit ? theme.markText : theme.text;
      this.text(look.label(layer, box.node), box.x + PADDING, y, inner - 2 * PADDING);
    }
    context.globalAlpha = 1;
  }

  /// A stripe under kernel frames, so that they differ without colours too.
  hatch(left, y, width, theme) {
    const { context } = this;
    context.fillStyle = theme.hatch;
    for (let x = 0; x < width; x += 6) {
      context.fillRect(left + x, y + ROW - 4, Math.min(3, width - x), 3);
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
