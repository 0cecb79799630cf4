// Making elements. Text from the profile only ever becomes text, never markup.

const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { data, aria, ...plain } = properties;
  Object.assign(element, plain);
  for (const [name, value] of Object.entries(data ?? {})) element.dataset[name] = value;
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function button(text, title, onclick) {
  return make("button", { type: "button", textContent: text, title, onclick });
}

/// A link only to what source_link.rs gave, which is always https.
function sourceLink(profile, line, className) {
  const { path, url } = profile.files[line.file];
  const place = line.line > 0 ? `${path}:${line.line}` : path;
  const shown = shortPath(place);
  if (!url.startsWith("https://")) return make("span", { textContent: shown, title: place, className });
  const href = line.line > 0 ? `${url}#L${line.line}` : url;
  const properties = { textContent: shown, title: href, href, className };
  return make("a", { ...properties, target: "_blank", rel: "noopener noreferrer" });
}

/// The last three parts of a path.
function shortPath(path) {
  const parts = path.split("/");
  return parts.length <= 4 ? path : `…/${parts.slice(-3).join("/")}`;
}

/// Copies text; also where the clipboard is closed to pages from files.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { value: text, className: "unseen" });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
