// One document, opened: its text, or how it was cut; text found in it; for an editor, replacing and removing it.
import { arrange, covers } from "./cover.js";
import { button, composes, find, h, refill } from "./dom.js";
import { confirmed, isEditor, send, why } from "./editor.js";
import { upload } from "./desk.js";
import * as server from "./server.js";
import { boxed, drawTable } from "./table.js";
import { add, say } from "./words.js";

add({
  zh: {
    document: "文档", asText: "全文", asPassages: "切分", findHere: "在本文中查找", noneHere: "没有",
    replace: "替换", removeThis: "删除", gone: "这篇文档已不在现用的版本里。",
    removeWhat: (one) => `删除《${one.title}》（${one.file}）？文件会移到内容文件夹的 .removed/，可以找回；索引更新后不再引用它。`,
    passageIs: (one, sentences, characters) => [`第 ${one.number} 段`, ...one.headings, one.page && `第 ${one.page} 页`, `${sentences} 句`, `${characters} 字`],
    cutAs: "每块是检索的一段，交替的底色是各自编码、可被引用的句子。", removed: (kept) => `已移到内容文件夹的 ${kept}`,
  },
  en: {
    document: "Document", asText: "Text", asPassages: "Passages", findHere: "Find in this document", noneHere: "none",
    replace: "Replace", removeThis: "Remove", gone: "The published version no longer holds this document.",
    removeWhat: (one) => `Remove “${one.title}” (${one.file})? The file goes to .removed/ in the content folder, from where it can be taken back; after the next index update nothing cites it.`,
    passageIs: (one, sentences, characters) => [`Passage ${one.number}`, ...one.headings, one.page && `page ${one.page}`, sentences === 1 ? "1 sentence" : `${sentences} sentences`, `${characters} characters`],
    cutAs: "Each block is a passage that is retrieved; its shades are the sentences, each embedded and citable on its own.",
    removed: (kept) => `Moved to ${kept} in the content folder`,
  },
});

let one = null; // the row of the list
let place = null; // {start, end} that is marked
let asPassages = false;
let ranges = [];
let at = 0;
let changed = () => {}; // the list is told
let marked = () => {};

export function start(onChange, onOpen) {
  changed = onChange;
  marked = onOpen;
  find("leaf").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !composes(event) && !document.querySelector("dialog[open]")) close();
  });
  covers(find("leaf"), close);
}

export function opened() {
  return one?.id;
}

export function open(row, marking = null) {
  one = row;
  place = marking;
  asPassages = false;
  marked();
  draw().then(() => {
    const leaf = find("leaf");
    if (!leaf.contains(document.activeElement)) leaf.querySelector("#cited, .text")?.focus({ preventScroll: true });
  });
}

function close() {
  const id = one?.id;
  one = null;
  draw();
  marked();
  [...document.querySelectorAll("#documents .entry")].find((row) => row.dataset.id === id)?.focus();
}

// The list is another. Who reads a document that has neither changed nor gone is left alone.
export function follow(documents) {
  if (!one) return;
  const now = documents.find((row) => row.id === one.id);
  if (JSON.stringify(now) === JSON.stringify(one)) return;
  if (now) one = now;
  place = null;
  draw(!now);
}

export async function draw(isGone = false) {
  const leaf = find("leaf");
  leaf.hidden = !one;
  arrange();
  if (!one) return;
  const view = (word, passages) => button(say(word), () => {
    asPassages = passages;
    draw();
  }, { "aria-pressed": String(asPassages === passages), "data-name": word });
  const head = h("div", { class: "bar head" }, h("h2", { lang: "zh" }, one.title), button(say("close"), close));
  const views = h("div", { class: "bar views" }, view("asText", false), view("asPassages", true), ...(isGone ? [] : drawEditing()), drawFind());
  const text = h("div", { class: "text document", tabindex: 0, role: "region", "aria-label": one.title, lang: "zh" });
  refill(leaf, head, views, h("p", { class: "small outcome", role: "status" }, isGone && say("gone")), text);
  if (!isGone) await fill(text);
  const sought = leaf.querySelector(".find input");
  if (text.isConnected && sought.value) sought.dispatchEvent(new Event("input")); // typed before the text had come
}

async function fill(text) {
  try {
    if (asPassages) await addPassages(text, 0);
    else {
      const { id: doc_id } = one;
      const { start, end } = place || { start: 0, end: 0 };
      text.replaceChildren(await server.source(`/source?${new URLSearchParams({ doc_id, start, end })}`));
      text.querySelector("#cited")?.scrollIntoView({ block: "center" });
    }
  } catch (error) {
    text.replaceChildren(h("p", { class: "trouble" }, why(error)));
  }
}

async function addPassages(text, first) {
  const said = await send("GET", `/api/documents/passages?${new URLSearchParams({ doc_id: one.id, first })}`);
  if (!first) text.replaceChildren(h("p", { class: "small", lang: document.documentElement.lang }, say("cutAs")));
  text.append(...said.passages.map(drawPassage));
  const next = first + said.passages.length;
  const more = button(say("more"), async () => {
    text.querySelector(":scope > .trouble")?.remove();
    try {
      await addPassages(text, next);
      more.remove();
    } catch (error) {
      more.before(h("p", { class: "trouble" }, why(error)));
    }
  });
  if (next < said.of) text.append(more);
}

function drawPassage(passage) {
  let sentences = 0;
  const blocks = []; // {spans} or {table, names, rows}
  passage.pieces.forEach(([piece, embedded], at) => {
    if (embedded) sentences += 1;
    const shade = { class: embedded && `sentence${sentences % 2 ? " odd" : ""}` };
    const row = passage.tables[at];
    const block = blocks.at(-1);
    const isSpan = !row && (!block?.table || /[^\s|:-]/.test(piece)); // what parts rows is not shown
    if (row && block?.table !== row.table) blocks.push({ ...row, rows: [] });
    if (isSpan && !block?.spans) blocks.push({ spans: [] });
    const { spans, rows } = blocks.at(-1);
    if (isSpan) spans.push(h("span", shade, piece));
    else if (row?.rows.length) rows.push(row.rows[0].map((cell) => h("td", shade, cell)));
    else if (row) blocks.at(-1).names = row.names.map((cell) => h("th", shade, cell));
  });
  const characters = passage.pieces.reduce((sum, [piece]) => sum + [...piece].length, 0);
  const title = say("passageIs", passage, sentences, characters).filter(Boolean).join(" · ");
  const drawn = blocks.map(({ spans, names, rows }) => (spans ? h("p", {}, spans) : boxed(drawTable(names, rows))));
  return h("section", { class: "passage" }, h("h3", {}, title), drawn);
}

// ---- text found in the document, marked without touching it

function drawFind() {
  ranges = [];
  CSS.highlights?.clear();
  const field = h("input", { type: "search", "aria-label": say("findHere"), placeholder: say("findHere"), maxlength: 100 });
  const outcome = h("span", { class: "found small", role: "status" });
  const turn = (by) => () => {
    if (ranges.length) at = (at + by + ranges.length) % ranges.length;
    showFound(outcome, field.value);
  };
  field.addEventListener("input", () => {
    ranges = rangesOf(find("leaf").querySelector(".text"), field.value.trim());
    at = 0;
    showFound(outcome, field.value);
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && !composes(event) && turn(event.shiftKey ? -1 : 1)());
  const previous = button("‹", turn(-1), { "aria-label": say("previous") });
  const next = button("›", turn(1), { "aria-label": say("next") });
  return h("div", { class: "bar find" }, field, outcome, previous, next);
}

function rangesOf(root, text) {
  const made = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const wanted = new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "giu");
  while (text && walker.nextNode()) {
    const node = walker.currentNode;
    for (const match of node.data.matchAll(wanted)) {
      const range = new Range();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      made.push(range);
    }
  }
  return made;
}

function showFound(outcome, text) {
  outcome.textContent = ranges.length ? `${at + 1} / ${ranges.length}` : text.trim() && say("noneHere");
  CSS.highlights?.set("found", new Highlight(...ranges));
  CSS.highlights?.set("found-now", new Highlight(...ranges.slice(at, at + 1)));
  ranges[at]?.startContainer.parentElement.scrollIntoView({ block: "center" });
}

// ---- for an editor

function drawEditing() {
  if (!isEditor()) return [];
  const input = h("input", { type: "file", class: "unseen", tabindex: -1, "aria-hidden": "true" });
  const outcome = () => find("leaf").querySelector(".outcome");
  input.addEventListener("change", async () => {
    await upload([...input.files], outcome(), changed, one.file);
    input.value = ""; // the same file may be chosen again
  });
  const remove = async () => {
    if (!(await confirmed(say("removeWhat", one), say("removeThis")))) return;
    try {
      const { id: doc_id } = one;
      const { kept } = await send("DELETE", `/api/documents?${new URLSearchParams({ doc_id })}`);
      if (one?.id === doc_id) close();
      const line = find("desk").querySelector(".outcome");
      line.textContent = say("removed", kept);
      line.focus(); // the document's row goes with the next version
    } catch (error) {
      outcome().textContent = why(error);
    }
    changed();
  };
  return [input, button(say("replace"), () => input.click()), button(say("removeThis"), remove)];
}
