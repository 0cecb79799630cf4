// Colours. They never stand alone: kernel frames are hatched, changes are written out, and the
// legend names them. Blue and orange are told apart by colour-blind people too.

const THEMES = {
  light: {
    page: "#ffffff", text: "#1a1d21", all: "#e4e7ec", edge: "#ffffff", mark: "#6d28d9",
    markText: "#ffffff", select: "#111827", lightness: 79, saturation: 52, hatch: "rgba(90,30,0,.22)",
    kernel: "hsl(24 82% 72%)", call: "hsl(40 85% 72%)", runtime: "hsl(215 12% 82%)",
    standard: "hsl(207 52% 82%)", other: "hsl(215 8% 88%)", user: "hsl(205 55% 80%)",
  },
  dark: {
    page: "#14171c", text: "#f2f4f7", all: "#3a404a", edge: "#14171c", mark: "#b79bff",
    markText: "#14171c", select: "#ffffff", lightness: 33, saturation: 36, hatch: "rgba(255,190,150,.22)",
    kernel: "hsl(20 62% 36%)", call: "hsl(38 62% 32%)", runtime: "hsl(215 9% 32%)",
    standard: "hsl(207 34% 35%)", other: "hsl(215 6% 27%)", user: "hsl(207 38% 33%)",
  },
};
/// Far enough apart to be told from each other and from the kernel's orange.
const HUES = [150, 265, 190, 330, 95, 232, 305, 172, 60, 285, 125, 350];
const KIND = { user: 0, kernel: 1, call: 2 };
const KIND_NAMES = ["user code", "kernel", "enters the kernel"];

function themeNow() {
  return THEMES[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
}

/// Groups of packages by cost, and the colour of each.
function packageColours(profile, costs, theme) {
  const groups = profile.packages.map((name, group) => ({ name, group, cost: Math.abs(costs[group]) }));
  const ranked = [...groups].sort((a, b) => b.cost - a.cost || a.group - b.group);
  let next = 0;
  for (const group of ranked) {
    group.colour = theme[fixedColour(group.name)] ?? theme.other;
    if (!fixedColour(group.name) && next < HUES.length) {
      group.colour = `hsl(${HUES[next++]} ${theme.saturation}% ${theme.lightness}%)`;
    }
  }
  return { ranked, of: groups };
}

function fixedColour(name) {
  return {
    kernel: "kernel",
    "system calls": "call",
    "Go runtime": "runtime",
    "Go standard library": "standard",
  }[name];
}

function kindColour(theme, kind) {
  return [theme.user, theme.kernel, theme.call][kind];
}

/// From blue (less) over grey to orange (more). Small changes are kept visible.
function changeColour(share, theme) {
  const strength = Math.sqrt(Math.min(1, Math.abs(share)));
  const dark = theme === THEMES.dark;
  if (strength < 0.02) return dark ? "hsl(215 6% 30%)" : "hsl(215 10% 90%)";
  const hue = share > 0 ? 26 : 212;
  const lightness = dark ? 28 + strength * 14 : 90 - strength * 32;
  return `hsl(${hue} ${Math.round(25 + strength * 65)}% ${lightness.toFixed(1)}%)`;
}

const CHANGE_STEPS = 24;

function changeColours(theme) {
  return Array.from({ length: 2 * CHANGE_STEPS + 1 }, (_, at) =>
    changeColour((at - CHANGE_STEPS) / CHANGE_STEPS, theme),
  );
}

/// A function from a layer's node to its colour.
function painter(model, state, theme) {
  const { profile } = model;
  if (state.colour === "change" && profile.hasBefore) {
    const colours = changeColours(theme);
    return (layer, node) => {
      const { total, before, largestChange } = layer.measure;
      const share = largestChange === 0 ? 0 : (total[node] - before[node]) / largestChange;
      return colours[Math.round(share * CHANGE_STEPS) + CHANGE_STEPS];
    };
  }
  const byFunction = functionColours(model, state, theme);
  return (layer, node) => byFunction[layer.tree.fn[node]];
}

function functionColours(model, state, theme) {
  const { functions } = model.profile;
  if (state.colour === "kind") return functions.map((fn) => kindColour(theme, fn.kind));
  const { of } = packageColours(model.profile, model.packages(state), theme);
  return functions.map((fn) => of[fn.group].colour);
}
