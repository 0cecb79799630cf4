// What the colours mean, with what each group costs by itself.

const MOST_GROUPS = 12;
/// Smaller groups are only counted.
const SMALLEST_SHARE = 0.002;

function chip(colour, text, title, kind) {
  const box = make("i", { className: kind === KIND.kernel ? "hatched" : "" });
  box.style.background = colour;
  return make("span", { className: "chip", title }, box, text);
}

function showLegend(element, model, state, theme) {
  const parts = {
    package: packageLegend,
    kind: kindLegend,
    change: changeLegend,
  }[state.colour](model, state, theme);
  element.replaceChildren(...parts);
}

function packageLegend(model, state, theme) {
  const { ranked } = packageColours(model.profile, model.packages(state), theme);
  const whole = model.graph(state).measure.total[0];
  const groups = ranked.filter((group) => group.cost > 0);
  const shown = groups.slice(0, MOST_GROUPS).filter(({ cost }) => cost >= SMALLEST_SHARE * Math.abs(whole));
  const chips = shown.map(({ name, cost, colour }) =>
    chip(colour, `${name} ${formatShare(cost, whole)}`, "share of the stacks that pass through it", name === "kernel" ? KIND.kernel : KIND.user),
  );
  const more = groups.length - shown.length;
  if (more > 0) chips.push(make("span", { textContent: `and ${more} more` }));
  return [make("span", { className: "about", textContent: "stacks through:" }), ...chips];
}

function kindLegend(model, state, theme) {
  const { functions } = model.profile;
  const { flat } = model.functions(state);
  const sums = [0, 0, 0];
  functions.forEach((fn, id) => (sums[fn.kind] += flat[id]));
  return KIND_NAMES.map((name, kind) =>
    chip(kindColour(theme, kind), `${name} ${formatShare(sums[kind], sum(flat))}`, "flat share", kind),
  );
}

function changeLegend(model, state, theme) {
  const { largestChange } = model.graph(state).measure;
  const unit = model.type(state).unit;
  const colours = changeColours(theme);
  const bar = make("i", { className: "scale" });
  bar.style.background = `linear-gradient(to right, ${colours.join()})`;
  const most = formatValue(largestChange, unit);
  return [
    make("span", { className: "about", textContent: "change since before:" }),
    make("span", { textContent: `−${most} (less)` }),
    bar,
    make("span", { textContent: `+${most} (more)` }),
    make("span", { className: "about", textContent: scaleNote(model, state) }),
  ];
}

/// What was done to the profile before, in words and numbers.
function scaleNote(model, state) {
  const { factor } = model.values(state);
  const by = `before × ${threeDigits(factor)}`;
  return {
    absolute: "values as they are",
    rate: `${by}: scaled to the same duration`,
    normalised: `${by}: scaled to the same total`,
  }[state.compare];
}
