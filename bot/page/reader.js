// Citation chips: their quote in a tooltip, their document in the reader.
import { arrange, covers } from "./cover.js";
import { composes, find, h, visible } from "./dom.js";
import { why } from "./editor.js";
import * as server from "./server.js";
import { drawParts } from "./table.js";
import { languageOf, say } from "./words.js";

// A place in a document: {number, title, headings, page, quote, address}. `places` are those of the same answer.
const placesOf = new WeakMap(); // chip → {places, at}
let opener = null; // the chip whose place is open

export function placeOf(citation) {
  const { doc_id, start, end, digest } = citation;
  return { ...citation, address: `/source?${new URLSearchParams({ doc_id, start, end, digest })}#cited` };
}

// A plain link, so that it also opens in a tab of its own.
export function chip(places, at, ...inside) {
  const place = places[at];
  const label = inside.length ? {} : { "aria-label": say("citation", place.number, place.title) };
  const link = h("a", { class: inside.length ? "near" : "chip", href: place.address, ...label });
  link.append(...(inside.length ? inside.filter(Boolean) : [String(place.number)]));
  placesOf.set(link, { places, at });
  return link;
}

function showTip(link) {
  const { places, at } = placesOf.get(link);
  const { title, headings, page, published, quote, parts, mended } = places[at];
  const where = [title, ...headings.filter((name) => name !== title), page && say("page", page)].filter(Boolean);
  const tip = find("tip");
  const named = h("strong", { lang: languageOf(title) }, where.join(" › "));
  const quoted = h(parts ? "div" : "q", { lang: languageOf(quote) }, drawParts(places[at]));
  tip.replaceChildren(named, published ? h("small", {}, published.replace("T", " ")) : "", quoted);
  if (mended) tip.append(h("em", {}, say("mended")));
  tip.hidden = false;
  link.setAttribute("aria-describedby", "tip");
  const box = link.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left - 16), innerWidth - tip.offsetWidth - 8);
  const fits = box.bottom + tip.offsetHeight + 12 < innerHeight; // below, so that the sentence stays in sight
  tip.style.left = `${left}px`;
  tip.style.top = `${fits ? box.bottom + 4 : Math.max(8, box.top - tip.offsetHeight - 4)}px`;
}

function hideTip() {
  find("tip").hidden = true;
  document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
}

async function open(link, { places, at } = placesOf.get(link)) {
  hideTip();
  document.querySelector(".chip[aria-current], .near[aria-current]")?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  opener = link;
  find("place").textContent = `${at + 1} / ${places.length}`;
  find("previous").disabled = at === 0;
  find("next").disabled = at === places.length - 1;
  find("alone").href = places[at].address;
  find("title").textContent = visible(places[at].title);
  find("title").lang = languageOf(places[at].title);
  find("reader").hidden = false;
  arrange();
  let shown;
  try {
    shown = [await server.source(places[at].address)];
  } catch (error) {
    shown = [h("p", {}, why(error)), h("blockquote", {}, drawParts(places[at]))];
  }
  if (opener !== link) return; // another has been opened in the meantime, or the reader closed
  find("document").replaceChildren(...shown);
  find("document").lang = languageOf(find("document").textContent);
  const mark = find("cited");
  (mark || find("document")).focus({ preventScroll: true });
  mark?.scrollIntoView({ block: "center" });
}

function turn(by) {
  const { places, at } = placesOf.get(opener);
  const address = places[at + by].address;
  const chips = opener.closest(".turn")?.querySelectorAll("a.chip, a.near") || [];
  const other = [...chips].find((one) => one.getAttribute("href") === address);
  if (other) open(other);
}

export function closeReader() {
  if (find("reader").hidden) return;
  find("reader").hidden = true;
  arrange();
  opener?.removeAttribute("aria-current");
  if (opener?.isConnected) opener.focus();
  opener = null;
}

export function start(root) {
  const chipAt = (event) => event.target.closest?.("a.chip, a.near");
  let leaving = 0;
  const hover = (event) => {
    const link = event.target.closest?.("a.chip");
    // By finger the tooltip would lie over the answer, with nothing to take it away.
    if (link && (event.type === "mouseover" || link.matches(":focus-visible"))) showTip(link);
    if (link || event.target.closest?.("#tip")) clearTimeout(leaving);
  };
  root.addEventListener("mouseover", hover);
  root.addEventListener("focusin", hover);
  root.addEventListener("mouseout", (event) => {
    // Time to move onto the tooltip, whose text can be selected.
    if (event.target.closest("a.chip, #tip")) leaving = setTimeout(hideTip, 200);
  });
  root.addEventListener("focusout", hideTip);
  document.addEventListener("scroll", (event) => {
    const link = root.querySelector("[aria-describedby=tip]");
    if (!link || !event.target.contains(link)) return; // its own text is scrolled
    const { top, bottom } = link.getBoundingClientRect();
    const view = find("log").getBoundingClientRect();
    if (link.matches(":focus-visible") && bottom > view.top && top < view.bottom) showTip(link); // the focus scrolled it here
    else hideTip();
  }, { capture: true, passive: true });
  root.addEventListener("click", (event) => {
    const link = chipAt(event);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || composes(event) || document.querySelector("dialog[open]")) return;
    if (!find("tip").hidden) hideTip();
    else closeReader();
  });
  find("close").addEventListener("click", closeReader);
  find("previous").addEventListener("click", () => turn(-1));
  find("next").addEventListener("click", () => turn(1));
  covers(find("reader"), closeReader);
}
