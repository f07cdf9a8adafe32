// The Sources part: the list of documents, what is looked for in them, and what the server says while it is open.
import { drawDesk, drawNotices } from "./desk.js";
import { button, find, h, refill } from "./dom.js";
import { look, send, why } from "./editor.js";
import * as leaf from "./leaf.js";
import { add, say, translate } from "./words.js";

add({
  zh: {
    seek: "在标题和全文中查找", documentsAre: (n) => `${n} 篇文档`, foundAre: (n) => (n ? `${n} 篇里有` : "没有找到"),
    sizes: (one) => [`${count(one.characters)} 字`, one.pages && `${one.pages} 页`, `${one.passages} 段`],
    times: (n) => `${n} 处`, more: "更多",
  },
  en: {
    seek: "Find in titles and texts", documentsAre: (n) => (n === 1 ? "1 document" : `${n} documents`),
    foundAre: (n) => (n ? `In ${n} of them` : "Nothing found"),
    sizes: (one) => [`${count(one.characters)} characters`, one.pages && `${one.pages} pages`, `${one.passages} passages`],
    times: (n) => (n === 1 ? "once" : `${n} times`), more: "More",
  },
});

const QUICK = 700; // milliseconds between looks at the server while a rebuild runs
const SLOW = 5000;
const AT_ONCE = 200; // documents drawn before one asks for more

let overview = null; // what /api/documents said last
let found = null; // what was found, by document id; null while nothing is looked for
let trouble = "";
let timer = 0;
let checks = 0; // begun; what an earlier one is told is older

function count(number) {
  return number.toLocaleString("en"); // 4,120 in both languages
}

function rows() {
  return overview ? overview.documents.filter((one) => !found || found.has(one.id)) : [];
}

function draw(shown = AT_ONCE) {
  translate(document.querySelector(".sources"));
  const all = rows();
  find("count").textContent = trouble || (overview ? say(found ? "foundAre" : "documentsAre", all.length) : say("loading"));
  const items = all.slice(0, shown).map(drawDocument);
  if (all.length > shown) items.push(h("li", {}, button(say("more"), () => draw(shown + AT_ONCE), { "data-name": "more" })));
  refill(find("documents"), ...items);
  drawTools();
}

function drawDocument(one) {
  const about = [one.source, one.published.replace("T", " "), one.file].filter(Boolean).join(" · ");
  const sizes = say("sizes", one).filter(Boolean).join(" · ");
  const current = leaf.opened() === one.id ? "true" : null;
  const open = button("", () => leaf.open(one), { class: "entry", "aria-current": current, "data-id": one.id, "data-name": one.id });
  open.append(h("span", { class: "title", lang: "zh" }, one.title), h("span", { class: "about", lang: "zh" }, about), h("span", { class: "sizes" }, sizes));
  return h("li", {}, open, drawExcerpt(one));
}

function drawExcerpt(one) {
  const hit = found?.get(one.id);
  if (!hit?.count) return null;
  const [before, text, after] = hit.excerpt;
  const excerpt = button("", () => leaf.open(one, hit), { class: "excerpt", "data-name": `in ${one.id}` });
  excerpt.append(h("span", { lang: "zh" }, `…${before}`, h("mark", {}, text), `${after}…`), h("span", { class: "times" }, say("times", hit.count)));
  return excerpt;
}

async function seek() {
  const text = find("sought").value.trim();
  let [said, failed] = [null, ""];
  try {
    said = text && (await send("GET", `/api/documents/find?${new URLSearchParams({ text })}`));
  } catch (error) {
    failed = why(error, "lost");
  }
  if (find("sought").value.trim() !== text) return; // another search was begun, whose answer may have come before
  trouble = failed;
  if (!failed) found = text ? new Map(said.found.map((one) => [one.id, one])) : null;
  draw();
}

function drawTools() {
  drawDesk(find("desk"), overview, check);
  drawNotices(find("notices"), overview);
}

// Asks for what has changed, and for all documents where another version is published.
async function check() {
  clearTimeout(timer);
  const mine = ++checks;
  const [before, wasTrouble] = [overview?.version, trouble];
  let [said, failed] = [overview, ""];
  try {
    await look();
    const state = await send("GET", "/api/documents/state");
    said = state.version === before ? { documents: overview.documents, ...state } : await send("GET", "/api/documents");
  } catch (error) {
    failed = why(error, "lost");
  }
  if (mine !== checks) return;
  [overview, trouble] = [said, failed];
  if (overview?.version !== before || trouble !== wasTrouble) draw();
  else drawTools();
  if (overview && overview.version !== before) leaf.follow(overview.documents);
  if (isShown()) timer = setTimeout(check, overview?.rebuilding ? QUICK : SLOW);
}

function isShown() {
  return find("sources").checkVisibility();
}

export function start(element) {
  element.querySelector(".sources").hidden = false;
  let waiting = 0;
  const soon = (event) => {
    clearTimeout(waiting);
    if (!event.isComposing) waiting = setTimeout(seek, 250); // not the letters of a word that is being composed
  };
  find("sought").addEventListener("input", soon);
  find("sought").addEventListener("compositionend", soon);
  find("seek").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    seek();
  });
  leaf.start(check, draw);
  document.addEventListener("jiawen:language", () => {
    draw();
    leaf.draw();
  });
  document.addEventListener("jiawen:editor", () => {
    check();
    leaf.draw();
  });
  document.addEventListener("jiawen:part", () => isShown() && check());
  draw();
  if (isShown()) check();
}
