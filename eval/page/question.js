// One question of a run as a line that opens: what was asked, expected, answered, found.
import { button, h } from "../dom.js";
import { send, why } from "../editor.js";
import { add, half, languageOf, say } from "../words.js";
import { openDetails } from "./details.js";
import { beginning } from "./format.js";

add({
  zh: {
    isRight: "对", isWrong: "错", earlier: "此前", answerIs: "回答", goldIs: "原文", shouldRefuse: "知识库没有答案，应当拒答", requiredIs: "必含",
    citedIs: "引用", hitsAre: "检索到的段落", gonePassage: "现用索引里没有这一段", detailsOf: (id) => `检索细节：${id}`,
  },
  en: {
    isRight: "right", isWrong: "wrong", earlier: "Before", answerIs: "Answer", goldIs: "Gold", shouldRefuse: "Not in the knowledge base: a refusal is right", requiredIs: "Must hold",
    citedIs: "Cited", hitsAre: "Passages retrieved", gonePassage: "the published index does not hold it", detailsOf: (id) => `Retrieval details: ${id}`,
  },
});

// `row` has id, question and, where known, how it went; each source {run, word} is drawn when it is opened.
export function drawQuestion(row, sources) {
  const went = row.verdict ? [row.kind, say(row.verdict), row.confidence.toFixed(2), half(row.failure)] : [];
  const about = [...went, row.id].filter(Boolean).join(" · ");
  const mark = row.verdict && h("strong", { class: row.right ? "is-right" : "is-wrong" }, say(row.right ? "isRight" : "isWrong"));
  const summary = h("summary", {}, h("span", { class: "asks", lang: languageOf(row.question) }, row.question), h("span", { class: "small" }, mark, mark && " ", about));
  const body = h("div", { class: "case" });
  const fill = async () => {
    if (!details.open || body.childElementCount) return;
    body.replaceChildren(h("p", { class: "waiting small" }, say("loading")));
    const parts = await Promise.all(sources.map((source) => drawSource(row.id, source)));
    body.replaceChildren(...parts.flat());
  };
  const details = h("details", { ontoggle: fill }, summary, body);
  return details;
}

async function drawSource(id, { run, word }) {
  try {
    return [word && h("h4", {}, word), ...drawCase(run, await send("GET", `/api/evaluate/case?${new URLSearchParams({ run, id })}`))].filter(Boolean);
  } catch (error) {
    return [h("p", { class: "trouble", role: "alert" }, why(error))];
  }
}

function drawCase(run, one) {
  const explain = (chunk) => () => openDetails({ run, id: one.id, question: one.question, chunk });
  const text = (words, tag = "p") => h(tag, { lang: languageOf(words) }, words);
  const part = (word, ...content) => [h("dt", {}, say(word)), h("dd", {}, ...content)];
  const hits = one.hits.map((hit) => {
    const open = button("", explain(hit.chunk_id), { class: "hit", disabled: hit.text === null });
    open.append(h("span", { class: "small" }, hit.chunk_id), text(hit.text === null ? say("gonePassage") : beginning(hit.text), "span"));
    return h("li", {}, open);
  });
  const outcome = [say(one.verdict), one.confidence.toFixed(3), `${one.milliseconds.toFixed(0)} ms`, half(one.failure)].filter(Boolean).join(" · ");
  const list = h("dl", {},
    one.history.length && part("earlier", one.history.flat().map((words) => text(words))),
    part("answerIs", text(one.answer), h("p", { class: "small" }, outcome)),
    part("goldIs", one.expected.length ? one.expected.map((words) => h("p", {}, h("mark", { lang: languageOf(words) }, words))) : h("p", {}, say("shouldRefuse"))),
    one.required.length && part("requiredIs", text(one.required.join(" · "))),
    one.cited.length && part("citedIs", h("ol", {}, one.cited.map((words) => text(words, "li")))),
    hits.length && part("hitsAre", h("ol", { class: "hits" }, hits)));
  return [list, button(say("details"), explain(""), { "aria-label": say("detailsOf", one.id) })];
}
