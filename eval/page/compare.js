// What changed from another run to this one: each measure with its chance, the questions won and lost.
import { h } from "../dom.js";
import { send, why } from "../editor.js";
import { add, say } from "../words.js";
import { decimal, head, signed, when } from "./format.js";
import { drawQuestion } from "./question.js";

add({
  zh: {
    compareWith: "与另一次比较", earlierRun: "从这次", beforeAfter: "从 → 到", change: "变化", chance: "p", regressed: "退步",
    won: (n) => `变对的问题：${n}`, lostAre: (n) => `变错的问题：${n}`, sameOutcome: "没有问题变对或变错。",
  },
  en: {
    compareWith: "Compare with another run", earlierRun: "From", beforeAfter: "From → to", change: "Change", chance: "p", regressed: "regressed",
    won: (n) => `Questions won: ${n}`, lostAre: (n) => `Questions lost: ${n}`, sameOutcome: "No question was won or lost.",
  },
});

// `others`: rows of the list, newest first; the nearest older one over the same cases is chosen.
export function drawCompare(name, { time, made_with: made }, others) {
  const older = others.filter((one) => one.time <= time);
  const nearest = older.find((one) => one.cases === made.cases) || older[0] || others[0];
  const options = others.map((one) => h("option", { value: one.name, selected: one === nearest }, `${when(one.time)} · ${one.name}`));
  const found = h("div", { class: "difference" });
  const submit = async (event) => {
    event.preventDefault();
    const before = event.target.elements.before.value;
    found.replaceChildren(h("p", { class: "waiting small", role: "status" }, say("loading")));
    try {
      const said = await send("GET", `/api/evaluate/compare?${new URLSearchParams({ before, after: name })}`);
      const sources = [{ run: before, word: before }, { run: name, word: name }];
      found.replaceChildren(...drawDifference(said, sources).flat().filter(Boolean));
    } catch (error) {
      found.replaceChildren(h("p", { class: "trouble", role: "alert" }, why(error)));
    }
  };
  const choice = h("label", {}, h("span", {}, say("earlierRun")), h("select", { name: "before" }, options));
  const form = h("form", { class: "bar compare", onsubmit: submit }, choice, h("button", {}, say("compare")));
  return h("div", {}, h("h3", {}, say("compareWith")), form, found);
}

function drawDifference({ measures, questions }, sources) {
  const rows = measures.map((one) => {
    const { value, low, high } = one.change;
    const mark = one.regressed ? "is-wrong" : low > 0 ? "is-right" : "";
    const change = [h("strong", { class: mark }, signed(value)), one.regressed && ` ${say("regressed")}`, h("span", { class: "line small" }, `${signed(low)} – ${signed(high)}`)];
    const moved = one.won.length || one.lost.length;
    return h("tr", {}, h("th", { scope: "row" }, say("measures")[one.measure] || one.measure),
      h("td", { class: "number pair" }, `${decimal(one.before)} → ${decimal(one.after)}`),
      h("td", { class: "number" }, moved ? change : "="), h("td", { class: "number" }, moved ? (one.p_value < 0.001 ? "<0.001" : decimal(one.p_value)) : "–"));
  });
  const [{ won, lost }] = measures;
  const list = (word, ids) => ids.length && [h("h4", {}, say(word, ids.length)), h("ul", { class: "questions" }, ids.map((id) => h("li", {}, drawQuestion({ id, question: questions[id] }, sources))))];
  return [h("table", { class: "numbers" }, head("measure", "beforeAfter", "change", "chance"), h("tbody", {}, rows)), list("lostAre", lost), list("won", won),
    !won.length && !lost.length && h("p", {}, say("sameOutcome"))];
}
