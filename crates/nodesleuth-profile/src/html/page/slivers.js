// Narrow boxes, of which a large profile has tens of thousands: collected as pixels, one line for
// each row of boxes, and drawn as one image a row. That takes a tenth of the time of rectangles.

class Slivers {
  constructor(canvas) {
    this.canvas = canvas;
    this.ratio = canvas.element.width / canvas.width;
    /// By the top of the row.
    this.rows = new Map();
  }

  add(y, { x, width }, paint) {
    let row = this.rows.get(y);
    if (row === undefined) {
      row = { ids: new Uint32Array(this.canvas.element.width), paints: [] };
      this.rows.set(y, row);
    }
    const start = Math.max(0, Math.round(x * this.ratio));
    row.ids.fill(row.paints.push(paint), start, Math.max(start + 1, Math.round((x + width) * this.ratio)));
  }

  draw(theme) {
    if (this.rows.size === 0) return;
    const { context, element, width } = this.canvas;
    const line = document.createElement("canvas");
    line.width = element.width;
    line.height = 1;
    const lineContext = line.getContext("2d");
    const image = lineContext.createImageData(element.width, 1);
    const pixels = new Uint32Array(image.data.buffer);
    context.imageSmoothingEnabled = false;
    for (const [y, { ids, paints }] of this.rows) {
      const packed = paints.map((paint) => packedColour(paint, theme));
      for (let at = 0; at < ids.length; at++) pixels[at] = ids[at] === 0 ? 0 : packed[ids[at] - 1];
      lineContext.putImageData(image, 0, 0);
      context.drawImage(line, 0, 0, element.width, 1, 0, y, width, ROW - 1);
    }
  }
}

const packedColours = new Map();

/// A colour as the four bytes of a pixel, faded into the page where it must be.
function packedColour({ colour, faded }, theme) {
  const key = faded ? `${colour} ${theme.page}` : colour;
  let packed = packedColours.get(key);
  if (packed === undefined) {
    const dot = document.createElement("canvas");
    dot.width = dot.height = 1;
    const context = dot.getContext("2d", { willReadFrequently: true });
    context.fillStyle = theme.page;
    context.fillRect(0, 0, 1, 1);
    context.globalAlpha = faded ? FADED : 1;
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    [packed] = new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer);
    packedColours.set(key, packed);
  }
  return packed;
}
