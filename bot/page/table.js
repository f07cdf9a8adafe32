// Tables of documents. A passage with one comes in `parts`: strings, and {table, names, rows} by the texts of their cells.
import { emphasized, h } from "./dom.js";
import { say } from "./words.js";

export const narrow = matchMedia("(max-width: 40rem)"); // the same number is in page.css

// `names` and each of `rows` are cells: texts, or elements that take the place of one.
export function drawTable(names, rows) {
  const row = (tag, cells, scope) => h("tr", {}, cells.map((cell) => (cell instanceof Node ? cell : h(tag, { scope }, emphasized(cell)))));
  const head = names.some(Boolean) && h("thead", {}, row("th", names, "col"));
  return h("table", {}, head, h("tbody", {}, rows.map((cells) => row("td", cells))));
}

// In a box that scrolls where the table is wider than its place.
export function boxed(table) {
  return h("div", { class: "table", tabindex: 0, role: "group", "aria-label": say("table") }, table);
}

// What the passage of that `quote` says, as children of an element; of a single row a line a column, which fits anywhere.
export function drawParts({ quote, parts = [quote] }) {
  return parts.flatMap((part) => {
    if (typeof part === "string") return emphasized(part);
    const { names, rows } = part;
    if (rows.length !== 1 || !names.some(Boolean)) return drawTable(names, rows);
    const named = (cell, at) => [h("th", { scope: "row" }, emphasized(names[at] ?? "")), cell];
    return drawTable([], rows[0].map(named));
  });
}
