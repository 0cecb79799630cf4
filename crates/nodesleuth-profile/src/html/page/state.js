// The state of the page lives in the address after #, so that a link shows the same picture.

const VIEWS = ["flame", "icicle", "sandwich", "top"];
/// Where stacks are merged from, for flame and icicle.
const ENDS = ["root", "leaf"];
const COLOURS = ["package", "kind", "change"];
const SORTS = ["name", "flat", "cum", "change"];
const MOST_HIDDEN = 100;

function initialState(profile) {
  return {
    view: profile.inverted ? "icicle" : "flame",
    from: profile.reversed ? "leaf" : "root",
    type: profile.defaultType,
    query: "",
    zoom: 0,
    selected: 0,
    fn: -1,
    focus: -1,
    hide: [],
    colour: profile.hasBefore ? "change" : "package",
    compare: profile.hasBefore ? defaultCompare(profile) : "absolute",
    width: "after",
    sort: profile.hasBefore ? "change" : "flat",
  };
}

/// Whether boxes of the whole profile are shown, which can be zoomed to.
function isGraph(state) {
  return state.view === "flame" || state.view === "icicle";
}

/// Only what differs from the initial state.
function hashOf(state, profile) {
  const initial = initialState(profile);
  const parameters = new URLSearchParams();
  for (const key of Object.keys(initial)) {
    const value = String(state[key]);
    if (value !== String(initial[key])) parameters.set(key, value);
  }
  const text = parameters.toString();
  return text === "" ? "" : `#${text}`;
}

/// What is not understood is left as it is initially: an address is outside input.
function stateOf(hash, profile) {
  const state = initialState(profile);
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const functions = profile.functions.length;
  const number = (key, limit) => {
    const value = Number(parameters.get(key) ?? NaN);
    if (Number.isInteger(value) && value >= 0 && value < limit) state[key] = value;
  };
  const choice = (key, values) => {
    if (values.includes(parameters.get(key))) state[key] = parameters.get(key);
  };
  number("type", profile.types.length);
  number("zoom", Number.MAX_SAFE_INTEGER);
  number("selected", Number.MAX_SAFE_INTEGER);
  number("fn", functions);
  number("focus", functions);
  choice("view", VIEWS);
  choice("from", ENDS);
  choice("colour", profile.hasBefore ? COLOURS : COLOURS.slice(0, 2));
  choice("compare", compareModes(profile));
  choice("width", Object.keys(WIDTHS));
  choice("sort", SORTS);
  state.query = parameters.get("query") ?? "";
  state.hide = (parameters.get("hide") ?? "")
    .split(",")
    .filter((text) => /^\d+$/.test(text) && Number(text) < functions)
    .map(Number)
    .slice(0, MOST_HIDDEN);
  return state;
}
