// One run: its numbers, its plots, what changed since another, its questions.
import { button, find, h } from "../dom.js";
import { send, why } from "../editor.js";
import { add, half, say } from "../words.js";
import { drawCompare } from "./compare.js";
import { decimal, head, when } from "./format.js";
import { kindPlot, riskPlot } from "./plots.js";
import { drawQuestion } from "./question.js";

add({
  zh: {
    measure: "指标", value: "值", interval: "95 % 区间", otherIndex: (one) => `这次用的是索引版本 ${one.was}，现用 ${one.now}。`,
    measures: {
      right: "答对（含正确拒答）", hit_at_1: "hit@1", hit_at_5: "hit@5", recall_at_5: "recall@5", mrr: "MRR@10", ndcg: "nDCG@10", gold_first: "首条引文即原文",
      gold_cited: "原文被引用", precision: "引文准确率", must: "含必含内容", must_first: "首条引文含必含内容", answered: "该答的答了", refused_rightly: "该拒的拒了",
      supported: "有依据的句子", auroc: "把握的 AUROC", false_answers: "误拒 5 % 时的误答", sentences: "每个回答的句数", milliseconds: "毫秒 p50 / p95",
    },
    madeWith: (one) => [one.cases, `索引 ${one.index_version}`, one.commit && `提交 ${one.commit}`, one.answerer, one.encoder],
    questions: "问题", outcome: "结果", outcomes: { wrong: "错的", falseAnswer: "误答（该拒却答）", falseRefusal: "误拒（该答却拒）", right: "对的", all: "全部" },
    anyKind: "全部类别", contains: "包含文字", shownOf: (n, all) => `${n} / ${all} 问`, nothingLeft: "没有这样的问题。",
  },
  en: {
    measure: "Measure", value: "Value", interval: "95 % interval", otherIndex: (one) => `This run used index version ${one.was}; ${one.now} is published now.`,
    measures: {
      right: "Right (refusals included)", hit_at_1: "hit@1", hit_at_5: "hit@5", recall_at_5: "recall@5", mrr: "MRR@10", ndcg: "nDCG@10", gold_first: "Gold cited first",
      gold_cited: "Gold cited", precision: "Citation precision", must: "Required words held", must_first: "Required words in first citation", answered: "Answerable answered", refused_rightly: "Unanswerable refused",
      supported: "Sentences supported", auroc: "AUROC of confidence", false_answers: "False answers at 5 % false refusals", sentences: "Sentences per answer", milliseconds: "Milliseconds p50 / p95",
    },
    madeWith: (one) => [one.cases, `index ${one.index_version}`, one.commit && `commit ${one.commit}`, one.answerer, one.encoder],
    questions: "Questions", outcome: "Outcome", outcomes: { wrong: "Wrong", falseAnswer: "False answers", falseRefusal: "False refusals", right: "Right", all: "All" },
    anyKind: "All kinds", contains: "Contains", shownOf: (n, all) => `${n} of ${all} questions`, nothingLeft: "No such question.",
  },
});

const AT_ONCE = 100; // questions drawn before one asks for more
const OUTCOMES = {
  wrong: (one) => !one.right,
  falseAnswer: (one) => !one.answerable && one.verdict !== "refused",
  falseRefusal: (one) => one.answerable && one.verdict === "refused",
  right: (one) => one.right,
  all: () => true,
};

let name = null; // of the run that is open
let run = null; // what the server said of it
let trouble = "";
let overview = null;
let drawn = ""; // what the section was drawn from
let wantsFocus = false;
let remove = () => {};
const filter = { outcome: "wrong", kind: "", words: "" };

export function start(onRemove) {
  remove = onRemove;
}

export function opened() {
  return name;
}

// Opens the run of that name, none for null; with `focus` its heading takes the focus.
export function open(chosen, focus = false) {
  wantsFocus = focus;
  if (chosen === name && run) {
    if (focus) find("run").querySelector("h2").focus();
    return;
  }
  if (chosen !== name) Object.assign(filter, { outcome: "wrong", kind: "", words: "" });
  [name, run, trouble] = [chosen, null, ""];
  if (chosen) load(chosen);
}

async function load(chosen) {
  let said = null;
  let failed = "";
  try {
    said = await send("GET", `/api/evaluate/run?${new URLSearchParams({ name: chosen })}`);
  } catch (error) {
    failed = why(error);
  }
  if (chosen !== name) return; // another was opened meanwhile
  [run, trouble] = [said, failed];
  show(overview);
}

// Draws the section again where something it shows has changed.
export function show(now) {
  overview = now;
  const others = overview?.runs.filter((one) => !one.error && one.name !== name) || [];
  const key = JSON.stringify([Boolean(overview), name, Boolean(run), trouble, overview?.index_version, others.map((one) => one.name), say("questions")]);
  if (key === drawn) return;
  drawn = key;
  find("run").replaceChildren(...(overview && name ? draw(others) : []));
  if (wantsFocus && run) {
    find("run").querySelector("h2").focus();
    wantsFocus = false;
  }
}

function draw(others) {
  if (trouble) return [h("p", { class: "trouble", role: "alert" }, trouble), button(say("retry"), () => open(name))];
  if (!run) return [h("p", { class: "waiting" }, say("loading"))];
  const { made_with: made, summary, kinds } = run;
  const bar = h("div", { class: "bar head" }, h("h2", { tabindex: -1 }, when(run.time)), button(say("removeRun"), () => remove(name)));
  const about = [name, ...say("madeWith", made)].filter(Boolean).join(" · ");
  const versions = { was: made.index_version, now: overview.index_version };
  return [bar, h("p", { class: "small" }, about), versions.was !== versions.now && h("p", { class: "note" }, say("otherIndex", versions)),
    h("div", { class: "headline" }, drawNumbers(summary), h("div", { class: "plots" }, riskPlot(summary.risk_coverage), kindPlot(kinds))),
    others.length && drawCompare(name, run, others), ...drawQuestions()].filter(Boolean);
}

function drawNumbers(summary) {
  const label = (measure) => h("th", { scope: "row" }, say("measures")[measure] || measure);
  const rows = Object.entries({ right: summary.right, ...summary.measures }).map(([measure, one]) => h("tr", {}, label(measure),
    h("td", { class: "number" }, decimal(one.value)), h("td", { class: "number" }, `${decimal(one.low)} – ${decimal(one.high)}`), h("td", { class: "number" }, String(one.questions))));
  const singles = {
    auroc: decimal(summary.auroc), false_answers: decimal(summary.false_answers_at_5_percent_false_refusals), sentences: summary.sentences_per_answer.toFixed(2),
    milliseconds: `${summary.milliseconds.p50.toFixed(0)} / ${summary.milliseconds.p95.toFixed(0)}`,
  };
  const more = Object.entries(singles).map(([measure, value]) => h("tr", {}, label(measure), h("td", { class: "number" }, value), h("td"), h("td")));
  return h("table", { class: "numbers" }, head("measure", "value", "interval", "questionsAre"), h("tbody", {}, rows, more));
}

// ---- the questions, filtered

function drawQuestions() {
  const { questions } = run;
  const counts = Object.fromEntries(Object.entries(OUTCOMES).map(([key, holds]) => [key, questions.filter(holds).length]));
  const option = (value, word, key) => h("option", { value, selected: filter[key] === value }, word);
  const outcome = h("select", { name: "outcome" }, Object.entries(say("outcomes")).map(([value, word]) => option(value, `${word} · ${counts[value]}`, "outcome")));
  const kind = h("select", { name: "kind" }, option("", say("anyKind"), "kind"), Object.keys(run.kinds).map((one) => option(one, one, "kind")));
  const words = h("input", { type: "search", name: "words", maxlength: 100, autocomplete: "off", value: filter.words });
  const labelled = (word, field) => h("label", {}, h("span", {}, say(word)), field);
  const count = h("p", { class: "small", role: "status" });
  const list = h("ul", { class: "questions" });
  const fill = () => {
    Object.assign(filter, { outcome: outcome.value, kind: kind.value, words: words.value.trim().toLowerCase() });
    const found = questions.filter((one) => OUTCOMES[filter.outcome](one) && (!filter.kind || one.kind === filter.kind)
      && (!filter.words || `${one.id} ${one.question} ${half(one.failure)}`.toLowerCase().includes(filter.words)));
    count.textContent = found.length ? say("shownOf", found.length, questions.length) : say("nothingLeft");
    list.replaceChildren();
    addQuestions(list, found);
  };
  const form = h("form", { class: "bar filters", role: "search", oninput: fill, onsubmit: (event) => event.preventDefault() },
    labelled("outcome", outcome), labelled("kind", kind), labelled("contains", words));
  fill();
  return [h("h3", {}, say("questions")), form, count, list];
}

function addQuestions(list, found, from = 0) {
  const items = found.slice(from, from + AT_ONCE).map((one) => h("li", {}, drawQuestion(one, [{ run: name }])));
  list.append(...items);
  if (from) items[0].querySelector("summary").focus();
  const next = from + AT_ONCE;
  if (found.length <= next) return;
  const more = h("li", {}, button(say("more"), () => {
    more.remove();
    addQuestions(list, found, next);
  }));
  list.append(more);
}
