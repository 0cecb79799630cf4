// Reads what encode.rs wrote: varints and text, once, from front to back.

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.utf8 = new TextDecoder();
  }

  number() {
    let byte = this.bytes[this.at++];
    let value = byte & 127;
    for (let factor = 128; byte > 127; factor *= 128) {
      byte = this.bytes[this.at++];
      value += (byte & 127) * factor;
    }
    return value;
  }

  signed() {
    const number = this.number();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }

  string() {
    const length = this.number();
    const start = this.at;
    this.at += length;
    return this.utf8.decode(this.bytes.subarray(start, this.at));
  }

  list(readOne) {
    return Array.from({ length: this.number() }, () => readOne(this));
  }
}

function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/// Everything the page shows. `values[column][row]`: one column for each sample type; with a
/// profile to compare with, its columns follow.
function decodeProfile(bytes) {
  const reader = new Reader(bytes);
  const strings = reader.list((from) => from.string());
  const text = (from) => strings[from.number()];
  const profile = {
    inverted: reader.number() === 1,
    reversed: reader.number() === 1,
    defaultType: reader.number(),
    hasBefore: reader.number() === 1,
    durationNanos: reader.number(),
    beforeDurationNanos: reader.number(),
    types: reader.list((from) => ({ kind: text(from), unit: text(from), step: from.number() })),
  };
  const columns = profile.types.length * (profile.hasBefore ? 2 : 1);
  profile.steps = Array.from({ length: columns }, (_, c) => profile.types[c % profile.types.length].step);
  profile.packages = reader.list(text);
  profile.files = reader.list((from) => ({ path: text(from), url: text(from) }));
  profile.functions = reader.list((from) => decodeFunction(from, text, profile));
  profile.tree = decodeStacks(reader, profile);
  return profile;
}

function decodeFunction(reader, text, profile) {
  const name = text(reader);
  const group = reader.number();
  const kind = reader.number();
  const moreLines = reader.number();
  const lines = reader.list((from) => ({
    file: from.number(),
    line: from.number(),
    values: profile.steps.map((step) => from.signed() * step),
  }));
  const short = shortName(name);
  return { name, group, kind, lines, moreLines, shortName: short, barerNames: barerNames(short) };
}

/// `fs.(*Manager).GetStats` of `github.com/x/y/fs.(*Manager).GetStats`.
function shortName(name) {
  const bracket = name.search(/[[(<]/);
  const slash = name.lastIndexOf("/", bracket < 0 ? name.length : bracket);
  return slash < 0 || name.startsWith("/") ? name : name.slice(slash + 1);
}

/// `(*Manager).GetStats` and `GetStats` of `fs.(*Manager).GetStats`: for narrow boxes. What C
/// compilers append to names is not taken for a function.
function barerNames(shortName) {
  if (/\.(isra|part|constprop|cold|llvm|lto_priv|localalias)\b/.test(shortName)) return [];
  const ofGo = /^[\w.-]+?\.((\(\*?[^)]*\)\.)?(\w.*))$/.exec(shortName);
  return ofGo ? [ofGo[1], ofGo[3]] : [];
}

/// Stacks come sorted; each says how many frames it shares with the one before.
function decodeStacks(reader, profile) {
  const rows = reader.number();
  const values = profile.steps.map(() => new Float64Array(rows));
  const tree = new TreeBuilder(reader.number() + 1, rows);
  const path = [0];
  for (let row = 0; row < rows; row++) {
    path.length = reader.number() + 1;
    for (let pushed = reader.number(); pushed > 0; pushed--) {
      path.push(tree.add(reader.number(), path[path.length - 1]));
    }
    tree.endStack(row, path[path.length - 1], row);
    for (let c = 0; c < values.length; c++) values[c][row] = reader.signed() * profile.steps[c];
  }
  if (reader.at !== reader.bytes.length) throw new Error("the data of this page is damaged");
  profile.values = values;
  return tree.finish();
}
