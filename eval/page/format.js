// Numbers, times and passages as this part writes them.
import { language } from "../words.js";

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

// The first words of a passage, on one line.
export function beginning(words) {
  const line = words.replace(/\s+/g, " ").replace(/^[# ]+/, "");
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
