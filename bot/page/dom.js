// Elements are made here and only here, from text that stays text: nothing in these scripts sets innerHTML.

// Characters that turn the direction of what follows are written out, as bot/source.py does.
export function visible(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (one) => `[U+${one.charCodeAt(0).toString(16).toUpperCase()}]`);
}

// h("p", {class: "note", onclick: f}, "text", element, …); children that are false, null or empty are left out.
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same for an element of a drawing.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(Boolean).map((one) => (typeof one === "string" ? visible(one) : one)));
  return element;
}

// **Bold** of Markdown with what is before it; 138****1234 and 2**3 + 4**5 have none.
const BOLD = /(^|[^\w)*])\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*(?!\*)/;
const HALF = /(^|[^\w)*])\*\*(?!\*)/g; // one mark of two, where a sentence ends inside what is bold

// A text of a document as children of an element.
export function emphasized(text) {
  return text.split(BOLD).map((part, at) => (at % 3 === 2 ? h("strong", {}, part) : part.replace(HALF, "$1")));
}

export function button(word, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, word);
}

// The key belongs to a word that is being composed. 229: in Safari the Enter that ends a composition comes after it.
export function composes(event) {
  return event.isComposing || event.keyCode === 229;
}

// Enter sends the field's form, Shift+Enter breaks the line.
export function sendOnEnter(field) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
}

// Makes these the box's children; the control that had the focus has it again, by its data-name.
export function refill(box, ...children) {
  const had = box.contains(document.activeElement) && document.activeElement.dataset.name;
  box.replaceChildren(...children);
  if (had) [...box.querySelectorAll("[data-name]")].find((one) => one.dataset.name === had)?.focus();
}

export function find(id) {
  return document.getElementById(id);
}

// `text` may be a promise: Safari wants the clipboard asked for at the click. Without https only a selection is copied.
export async function copy(text) {
  if (navigator.clipboard) {
    const blob = Promise.resolve(text).then((words) => new Blob([words], { type: "text/plain" }));
    return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  }
  const area = h("textarea", { class: "unseen", readonly: true });
  area.value = await text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

export function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
