// Elements and texts. What users or the server say becomes text nodes, never markup.

const config = JSON.parse(document.getElementById("config").textContent);
export const language = config.language;
export const csrf = config.csrf;

const SVG = "http://www.w3.org/2000/svg";
const plural = new Intl.PluralRules(language);

/** The text of that name, its %(name)s filled in. */
export function t(name, values = {}) {
  const text = config.texts[name] ?? name;
  return text.replace(/%\((\w+)\)s|%%/g, (found, key) => (key ? String(values[key]) : "%"));
}

/** A number with its noun: `steps` is in the texts as steps_one and steps_other. */
export function count(noun, number) {
  const form = plural.select(number) === "one" ? "one" : "other";
  return t(`${noun}_${form}`, { count: number.toLocaleString(language) });
}

/** 95 as "1 h 35 min". */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (!hours) return t("minutes_short", { count: rest });
  return rest ? t("hours_minutes", { hours, minutes: rest }) : t("hours_short", { hours });
}

export const $ = (id) => document.getElementById(id);

/** An element. Properties that are functions listen, false and null are left out. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((one) => one != null && one !== false));
  return element;
}

/** Text of a path, marked when it is in another language than the page. */
export function said(path, tag, properties, text) {
  const lang = path.language === language ? {} : { lang: path.language };
  return h(tag, { ...properties, ...lang }, text);
}

/** A link of a document, if it is one that a browser should follow. */
export function link(url, text, properties = {}) {
  if (!/^https?:\/\//i.test(url)) return h("span", {}, text);
  return h(
    "a",
    { href: url, target: "_blank", rel: "noopener noreferrer", ...properties },
    text,
    h("span", { class: "sr" }, ` (${t("new_window")})`),
  );
}

let toastTimer;
/** Say something for a moment, to eyes and to screen readers. */
export function toast(text) {
  const place = $("toast");
  place.textContent = text;
  place.classList.add("on");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.classList.remove("on"), 4000);
}

/** A click that must be repeated to be meant: the button asks, and forgets after a while. */
export function meant(button, question) {
  if (button.dataset.asked) return true;
  const before = button.textContent;
  button.dataset.asked = "yes";
  button.textContent = question;
  toast(t("press_again"));
  setTimeout(() => {
    delete button.dataset.asked;
    button.textContent = before;
  }, 5000);
  return false;
}
