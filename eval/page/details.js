// Retrieval details of any question, what `jiawen explain` says: why a passage was, or was not, found and cited.
import { button, h } from "../dom.js";
import { send, why } from "../editor.js";
import { add, half, languageOf, say } from "../words.js";
import { beginning, decimal, head, percent } from "./format.js";

add({
  zh: {
    explainIt: "查看", searchedFor: (text) => `查找：${text}`, side: "依据", score: "分数", rank: "名次", dense: "语义", terms: "字词", fused: "融合", total: "读句之后",
    wasRead: "进入前列，句子已读。",
    sharedTerms: "共有的字词", missingTerms: "缺的字词", noTerms: "没有", sentencesOf: "各句含答案的可能", isCited: "引用",
    confidenceIs: (one) => `把握 ${decimal(one.confidence)} · ${one.refused ? "拒答" : "回答"}`, unmentioned: (text) => `文中没有提到：${text}`, unanswered: (text) => `像一个已知没有答案的问题：${text}`, steers: "像在对机器人说话，不像在问内容", unlike: "不像任何一个已知有答案的问题", passageOf: "段落", otherPassages: "换一段看",
  },
  en: {
    explainIt: "Explain", searchedFor: (text) => `Searched for: ${text}`, side: "By", score: "Score", rank: "Rank", dense: "Meaning", terms: "Terms", fused: "Fused", total: "With what is read",
    wasRead: "Among the first: its sentences were read.",
    sharedTerms: "Terms shared", missingTerms: "Terms it lacks", noTerms: "none", sentencesOf: "Chance that each sentence answers", isCited: "cited",
    confidenceIs: (one) => `Confidence ${decimal(one.confidence)} · ${one.refused ? "refused" : "answered"}`, unmentioned: (text) => `not mentioned: ${text}`, unanswered: (text) => `Like a question known to have no answer: ${text}`, steers: "Seems to speak to the bot, not of the content", unlike: "Like no question known to have an answer", passageOf: "Passage", otherPassages: "Look at another passage",
  },
});

// Opens the dialog: on a question of a run as it was asked there ({run, id, question, chunk}), or on none yet ({}).
export function openDetails(asked) {
  const field = h("input", { type: "text", name: "question", maxlength: 500, autocomplete: "off", required: true, value: asked.question, "aria-label": say("question"), placeholder: say("question") });
  const outcome = h("p", { class: "small", role: "status" });
  let latest = null;
  const body = h("div", { class: "explained" });
  const submit = (event) => {
    event.preventDefault();
    const same = asked.run && field.value === asked.question;
    explain(same ? { run: asked.run, id: asked.id } : { question: field.value });
  };
  const form = h("form", { class: "bar seek", onsubmit: submit }, field, h("button", { class: "go" }, say("explainIt")));
  const bar = h("div", { class: "bar head" }, h("h2", {}, say("details")), button(say("close"), () => dialog.close()));
  const dialog = h("dialog", { class: "wide", "aria-label": say("details"), onclose: () => dialog.remove() }, bar, form, outcome, body);
  document.getElementById("evaluate").append(dialog);
  dialog.showModal();
  if (asked.run) explain({ run: asked.run, id: asked.id, chunk: asked.chunk || "" });
  else field.focus();

  async function explain(query) {
    latest = query;
    outcome.textContent = say("searching");
    try {
      const said = await send("GET", `/api/evaluate/explain?${new URLSearchParams(query)}`);
      if (latest !== query) return; // another was asked for since, whose answer may have come before
      outcome.textContent = "";
      body.replaceChildren(...draw(said, field.value.trim(), (chunk) => explain({ ...query, chunk })).flat().filter(Boolean));
      dialog.scrollTop = 0;
    } catch (error) {
      outcome.textContent = why(error);
      body.replaceChildren();
    }
  }
}

const sum = (base, weight, added, total) => `${decimal(base)} + ${weight} × ${decimal(added)} = ${decimal(total)}`;

function draw({ explanation: one, passages }, asked, choose) {
  const verdict = say("confidenceIs", one) + (one.refused && one.unmentioned ? ` · ${say("unmentioned", one.unmentioned)}` : "");
  const sides = [["dense", decimal(one.similarity), one.dense_rank], ["terms", decimal(one.coverage), one.lexical_rank], ["fused", sum(one.fused - one.weight * one.coverage, one.weight, one.coverage, one.fused), one.fused_rank], ["total", sum(one.fused, one.belief_weight, one.belief, one.score), one.rank]];
  const rows = sides.map(([word, score, rank]) => h("tr", {}, h("th", { scope: "row" }, say(word)), h("td", { class: "number" }, score), h("td", { class: "number" }, String(rank ?? "–"))));
  const terms = one.terms.map(([term, share]) => h("li", {}, h("span", {}, term), h("span", { class: "small" }, decimal(share))));
  const sentences = one.sentences.map(([belief, text, cited]) => h("li", { class: cited && "cited" }, h("span", { class: "number" }, percent(belief)),
    h("span", { lang: languageOf(text) }, cited && h("strong", {}, `${say("isCited")} `), text)));
  const others = passages.map((hit) => {
    const open = button("", () => choose(hit.chunk_id), { class: "hit", "aria-current": hit.chunk_id === one.chunk_id ? "true" : null });
    open.append(h("span", { class: "small" }, hit.chunk_id), h("span", { lang: languageOf(hit.text) }, beginning(hit.text)));
    return h("li", {}, open);
  });
  return [
    one.question !== asked && h("p", { class: "small" }, say("searchedFor", one.question)), h("p", {}, h("strong", {}, verdict)),
    one.unanswered && h("p", { class: "small" }, say("unanswered", one.unanswered)),
    one.steers && h("p", { class: "small" }, say("steers")),
    one.unlike && h("p", { class: "small" }, say("unlike")),
    h("h3", {}, say("passageOf")), h("p", { class: "small" }, one.chunk_id), h("p", { class: "passage-text", lang: languageOf(one.text) }, one.text.trim()),
    h("p", { class: one.cut ? "note" : "small" }, half(one.cut) || say("wasRead")),
    h("table", {}, head("side", "score", "rank"), h("tbody", {}, rows)),
    sentences.length && [h("h3", {}, say("sentencesOf")), h("ol", { class: "beliefs" }, sentences)],
    h("h3", {}, say("sharedTerms")), terms.length ? h("ul", { class: "terms" }, terms) : h("p", {}, say("noTerms")),
    h("h3", {}, say("missingTerms")), h("p", { lang: "zh" }, one.missing.join(" · ") || say("noTerms")),
    others.length && [h("h3", {}, say("otherPassages")), h("ol", { class: "hits" }, others)],
  ];
}
