// The page: one state, one way to change it, and drawing what it says.

class Page {
  constructor(profile) {
    this.model = new Model(profile);
    this.chart = new Chart(this.model);
    this.details = new Details(this.model);
    const change = (patch) => this.change(patch);
    this.top = new TopTable(this.model, change);
    this.neighbours = new NeighbourTables(this.model, change);
    this.controls = new Controls(this);
    this.readAddress();
    this.listen();
  }

  listen() {
    const again = () => this.render();
    window.addEventListener("resize", again);
    window.addEventListener("popstate", () => this.readAddress() || again());
    window.addEventListener("hashchange", () => this.readAddress() || again());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    const { frame, canvas } = this.chart;
    frame.addEventListener("scroll", () => this.chart.paint());
    canvas.element.addEventListener("click", (event) => this.click(event));
    canvas.element.addEventListener("mousemove", (event) => this.point(event));
    canvas.element.addEventListener("mouseleave", () => this.details.hideTip());
    listenToKeys(this);
  }

  readAddress() {
    this.state = this.valid(stateOf(location.hash, this.model.profile));
  }

  /// Every change of the state goes through here; `quietly` makes no step for the back button.
  change(patch, quietly = false) {
    this.state = this.valid({ ...this.state, ...patch });
    const address = hashOf(this.state, this.model.profile) || location.pathname + location.search;
    history[quietly ? "replaceState" : "pushState"](null, "", address);
    this.render();
  }

  /// Nodes that exist and have a width; a function for the sandwich.
  valid(state) {
    const { tree, measure } = this.model.graph(state);
    const inside = (node) => (node < tree.size ? node : 0);
    const next = { ...state, zoom: inside(state.zoom), selected: inside(state.selected) };
    while (next.zoom > 0 && measure.width[next.zoom] <= 0) next.zoom = tree.parent[next.zoom];
    if (next.view === "sandwich" && next.fn < 0) next.fn = this.costliest(next);
    if (next.fn < 0 && next.view === "sandwich") next.view = "top";
    return next;
  }

  /// The selected function, else the one that costs most by itself.
  costliest(state) {
    const { tree } = this.model.graph(state);
    if (state.selected > 0) return tree.fn[state.selected];
    const { flat } = this.model.functions(state);
    return flat.reduce((best, value, fn) => (best < 0 || Math.abs(value) > Math.abs(flat[best]) ? fn : best), -1);
  }

  render() {
    const began = performance.now();
    const { state, model } = this;
    document.body.dataset.view = state.view;
    this.controls.show(state);
    this.showSearch();
    const theme = themeNow();
    showLegend(byId("legend"), model, state, theme);
    if (state.view === "top") this.top.show(state, this.matches);
    else this.chart.render(state, this.look(theme));
    if (state.view === "sandwich") this.neighbours.show(state);
    this.showDetails();
    this.renderMillis = performance.now() - began;
  }

  look(theme) {
    const { model, state } = this;
    const { functions } = model.profile;
    return {
      theme,
      matches: this.matches,
      colour: painter(model, state, theme),
      isKernel: (fn) => functions[fn].kind === KIND.kernel,
      label: labels(model, state),
    };
  }

  showSearch() {
    const { functions } = this.model.profile;
    const { query } = this.state;
    if (query !== this.searched) {
      Object.assign(this, searchFunctions(functions, query));
      this.searched = query;
    }
    if (!this.matches) return this.controls.showFound("", false);
    const price = this.priceOf(this.matches);
    const text = this.error ? `not a regular expression; as plain text: ${price}` : price;
    return this.controls.showFound(text, this.error);
  }

  priceOf(matches) {
    const { tree, measure } = this.model.graph(this.state);
    const { sum, boxes } = sumOfMatching(tree, measure.total, matches);
    if (boxes === 0) return "no match";
    const type = this.model.type(this.state);
    const cores = formatCores(sum, type, this.model.profile.durationNanos);
    return [formatShare(sum, measure.total[0]), formatValue(sum, type.unit), cores].filter(Boolean).join(" · ");
  }

  showDetails() {
    const { state } = this;
    if (state.view === "top") return;
    const [layer] = this.chart.layers;
    const node = state.view === "sandwich" ? layer.zoom : state.selected || state.zoom;
    this.details.show(state, layer, node, this.actions(layer, node));
  }

  actions(layer, node) {
    const { state } = this;
    const fn = layer.tree.fn[node];
    const actions = [];
    if (state.view !== "sandwich" && node !== state.zoom) actions.push(["Zoom", "key Enter", () => this.zoomTo(node)]);
    if (state.view !== "sandwich" && state.zoom > 0) actions.push(["Zoom out", "key Backspace", () => this.zoomOut()]);
    if (fn < 0) return actions;
    if (state.view !== "sandwich") actions.push(["Callers and callees", "key s", () => this.showSandwich()]);
    actions.push(
      ["Only stacks with it", "key f", () => this.filter({ focus: fn })],
      ["Hide", "its callees move to its caller; key h", () => this.filter({ hide: [...state.hide, fn] })],
      ["Copy name", "key y", () => copyText(this.model.profile.functions[fn].name)],
    );
    return actions;
  }

  click(event) {
    const found = this.chart.at(event.clientX, event.clientY);
    if (!found) return;
    this.details.hideTip();
    if (this.state.view === "sandwich") this.change({ fn: found.layer.tree.fn[found.node] });
    else this.zoomTo(found.node);
  }

  point(event) {
    const found = this.chart.at(event.clientX, event.clientY);
    this.chart.canvas.element.style.cursor = found ? "pointer" : "default";
    if (!found) return this.details.hideTip();
    return this.details.showTip(this.state, found.layer, found.node, event.clientX, event.clientY);
  }

  move(key) {
    this.change({ selected: neighbourNode(this.chart.layers[0], key) }, true);
  }

  zoomTo(node) {
    this.change({ zoom: node, selected: node });
  }

  zoomOut() {
    const { tree } = this.model.graph(this.state);
    this.zoomTo(Math.max(0, tree.parent[this.state.zoom]));
  }

  toMatch(step) {
    const { tree } = this.model.graph(this.state);
    if (!this.matches) return;
    const node = nextMatch(tree, this.matches, this.state.selected, step);
    if (node >= 0) this.change({ selected: node, zoom: this.inZoom(tree, node) ? this.state.zoom : 0 }, true);
  }

  inZoom(tree, node) {
    const { zoom } = this.state;
    return node >= zoom && node < tree.end[zoom];
  }

  selectedFunction() {
    const { state } = this;
    if (state.view === "sandwich") return state.fn;
    return this.model.graph(state).tree.fn[state.selected || state.zoom];
  }

  showSandwich() {
    const fn = this.selectedFunction();
    this.change({ view: "sandwich", fn: fn >= 0 ? fn : this.state.fn });
  }

  /// Another set of stacks is another tree: what was zoomed to is not in it.
  filter(patch) {
    this.change({ ...patch, zoom: 0, selected: 0 });
  }

  focusSelected() {
    const fn = this.selectedFunction();
    if (fn >= 0) this.filter({ focus: fn });
  }

  hideSelected() {
    const fn = this.selectedFunction();
    if (fn >= 0) this.filter({ hide: [...this.state.hide, fn] });
  }

  copyName() {
    const fn = this.selectedFunction();
    if (fn >= 0) copyText(this.model.profile.functions[fn].name);
  }

  nextColour() {
    const known = this.model.profile.hasBefore ? COLOURS : COLOURS.slice(0, 2);
    this.change({ colour: known[(known.indexOf(this.state.colour) + 1) % known.length] });
  }

  /// Takes back one thing after the other.
  escape() {
    const help = byId("help");
    if (help.open) help.close();
    else if (this.state.query !== "") this.change({ query: "" });
    else this.reset();
  }

  reset() {
    this.change({ zoom: 0, selected: 0, query: "", focus: -1, hide: [] });
  }

  toggleHelp() {
    const help = byId("help");
    if (help.open) help.close();
    else help.showModal();
  }
}

function start() {
  const began = performance.now();
  document.documentElement.classList.add("scripted");
  try {
    const profile = decodeProfile(bytesOfBase64(byId("data").textContent));
    const page = new Page(profile);
    page.render();
    page.loadMillis = performance.now() - began;
    window.nodesleuth = page;
  } catch (error) {
    document.documentElement.classList.remove("scripted");
    byId("broken").textContent = `The picture could not be drawn (${error.message}); the table is complete.`;
    throw error;
  }
}

start();
