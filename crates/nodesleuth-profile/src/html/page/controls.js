// The bar above the picture: views, search, and choices.

const VIEW_NAMES = { flame: "Flame", icicle: "Icicle", sandwich: "Sandwich", top: "Top" };
const COLOUR_NAMES = { package: "package", kind: "kernel and user", change: "change" };
const END_NAMES = { root: "from the root", leaf: "from the leaf" };
const WIDTH_NAMES = { after: "now", before: "before", both: "before + now" };

function select(label, options, value, onchange) {
  const element = make("select", { onchange: () => onchange(element.value) });
  for (const [key, text] of options) element.append(make("option", { value: key, textContent: text }));
  element.value = value;
  return make("label", {}, `${label} `, element);
}

function typeName(type) {
  return `${type.kind} (${type.unit})`;
}

class Controls {
  constructor(page) {
    this.page = page;
    this.views = byId("views");
    this.choices = byId("choices");
    this.query = byId("query");
    this.query.addEventListener("input", () => page.change({ query: this.query.value }, true));
    this.query.addEventListener("keydown", (event) => {
      if (event.key === "Enter") page.toMatch(event.shiftKey ? -1 : 1);
    });
    byId("clear").addEventListener("click", () => page.change({ query: "" }));
    byId("reset").addEventListener("click", () => page.reset());
    byId("help-button").addEventListener("click", () => page.toggleHelp());
  }

  show(state) {
    this.views.replaceChildren(...VIEWS.map((view) => this.viewButton(view, state)));
    if (this.query.value !== state.query) this.query.value = state.query;
    byId("clear").hidden = state.query === "";
    this.choices.replaceChildren(...this.choicesOf(state), ...this.filters(state));
  }

  viewButton(view, state) {
    const { page } = this;
    const open = () => (view === "sandwich" ? page.showSandwich() : page.change({ view }));
    const element = button(VIEW_NAMES[view], `key ${VIEWS.indexOf(view) + 1}`, open);
    element.setAttribute("aria-pressed", state.view === view);
    return element;
  }

  choicesOf(state) {
    const { page } = this;
    const { profile } = page.model;
    const choices = [];
    const add = (label, options, key, read = (value) => value) =>
      choices.push(select(label, options, String(state[key]), (value) => page.change({ [key]: read(value) })));
    if (profile.types.length > 1) add("type", profile.types.map((type, at) => [String(at), typeName(type)]), "type", Number);
    if (isGraph(state)) {
      const ends = ENDS.map((end) => [end, END_NAMES[end]]);
      choices.push(select("merged", ends, state.from, (from) => page.filter({ from })));
    }
    const colours = profile.hasBefore ? COLOURS : COLOURS.slice(0, 2);
    add("colour", colours.map((key) => [key, COLOUR_NAMES[key]]), "colour");
    if (profile.hasBefore) {
      add("compare", compareModes(profile).map((key) => [key, COMPARE[key].label]), "compare");
      add("width", Object.entries(WIDTH_NAMES), "width");
    }
    return choices;
  }

  /// A button for each function in focus or hidden, which takes it back.
  filters(state) {
    const { page } = this;
    const { functions } = page.model.profile;
    const chip = (word, fn, undo) => {
      const element = button(`${word} ${functions[fn].shortName} ✕`, `${functions[fn].name}: show everything again`, undo);
      element.className = "filter";
      return element;
    };
    const hidden = state.hide.map((fn) =>
      chip("hidden:", fn, () => page.filter({ hide: state.hide.filter((other) => other !== fn) })),
    );
    return state.focus < 0 ? hidden : [chip("only:", state.focus, () => page.filter({ focus: -1 })), ...hidden];
  }

  showFound(text, isError) {
    const found = byId("found");
    found.textContent = text;
    found.className = isError ? "wrong" : "";
    this.query.setAttribute("aria-invalid", isError);
  }
}
