// Numbers, times and passages as this part writes them.
import { h } from "../dom.js";
import { language, say } from "../words.js";

export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

export function decimal(value) {
  return value === null ? "–" : value.toFixed(3);
}

export function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

// Seconds since 1970.
export function when(time) {
  const [locale, dateStyle] = language() === "zh" ? ["zh-CN", "short"] : ["en-GB", "medium"];
  return new Date(time * 1000).toLocaleString(locale, { dateStyle, timeStyle: "short" });
}

// The head of a table: a column of words, then columns of numbers.
export function head(...words) {
  const cells = words.map((word, at) => h("th", { scope: "col", class: at && "number" }, say(word)));
  return h("thead", {}, h("tr", {}, cells));
}

// The first words of a passage, on one line.
export function beginning(words) {
  const line = words.replace(/\s+/g, " ").replace(/^[# ]+/, "");
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
