// The versions of the index, for an editor: what each holds, two compared, one put back.
import { button, h } from "./dom.js";
import { confirmed, send, why } from "./editor.js";
import { add, half, language, say } from "./words.js";

add({
  zh: {
    compare: "比较", before: "从", after: "到", now: "现用", rollBack: "换回",
    rollBackTo: (when) => `换回 ${when} 的版本？内容文件夹不变；之后重建会再发布其中的内容。`, rolledBack: "已换回，立即生效。",
    versionIs: (one) => `${one.documents} 篇 · ${one.chunks} 段`, gates: { passed: "把关通过", overridden: "跳过把关", "": "" },
    added: (n) => `新增 ${n} 篇`, removedAre: (n) => `删去 ${n} 篇`, changedAre: (n) => `改动 ${n} 篇`, same: "两个版本的内容相同。",
    moreSentences: (n) => `还有 ${n} 句不同`, onlyFacts: "正文相同，标题或来源等信息不同",
  },
  en: {
    compare: "Compare", before: "From", after: "To", now: "Published", rollBack: "Roll back",
    rollBackTo: (when) => `Roll back to the version of ${when}? The folder stays as it is; the next rebuild publishes it again.`, rolledBack: "Rolled back, served from now on.",
    versionIs: (one) => `${one.documents} documents · ${one.chunks} passages`, gates: { passed: "gate passed", overridden: "gate overridden", "": "" },
    added: (n) => `Added: ${n}`, removedAre: (n) => `Removed: ${n}`, changedAre: (n) => `Changed: ${n}`, same: "Both versions hold the same.",
    moreSentences: (n) => `${n} more sentences differ`, onlyFacts: "The text is the same; title, source or the like differ",
  },
});

function when(one) {
  const time = one.built_at ? new Date(one.built_at) : null;
  return time ? time.toLocaleString(language() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "medium" }) : one.version;
}

export async function openVersions(changed) {
  const outcome = h("p", { class: "small outcome", role: "status" });
  const body = h("div", { class: "versions" });
  const head = h("div", { class: "bar head" }, h("h2", {}, say("versions")), button(say("close"), () => dialog.close()));
  const dialog = h("dialog", { class: "wide", "aria-label": say("versions"), onclose: () => dialog.remove() }, head, outcome, body);
  document.getElementById("sources").append(dialog);
  dialog.showModal();
  await fill();

  async function fill() {
    try {
      const all = await send("GET", "/api/versions");
      const difference = h("div", { class: "difference", role: "status" });
      body.replaceChildren(drawCompare(all, difference), difference, h("ul", {}, all.map((one) => drawVersion(one, rollBack))));
    } catch (error) {
      outcome.textContent = why(error);
    }
  }

  async function rollBack(one) {
    if (!(await confirmed(say("rollBackTo", when(one)), say("rollBack")))) return;
    try {
      await send("POST", "/api/versions/rollback", { version: one.version });
      outcome.textContent = say("rolledBack");
    } catch (error) {
      outcome.textContent = why(error);
    }
    await fill();
    head.querySelector("button").focus(); // the one that was pressed is gone
    changed();
  }
}

function drawVersion(one, rollBack) {
  const about = one.error ? half(one.error) : [say("versionIs", one), say("gates")[one.gate]].filter(Boolean).join(" · ");
  const action = one.published ? h("strong", { class: "now" }, say("now"))
    : button(say("rollBack"), () => rollBack(one), { "aria-label": `${say("rollBack")}: ${when(one)}`, disabled: Boolean(one.error) });
  return h("li", {}, h("span", { class: "which" }, h("span", {}, when(one)), h("span", { class: "small" }, about)), action);
}

function drawCompare(all, difference) {
  const sound = all.filter((one) => !one.error);
  const choice = (word, chosen) => {
    const options = sound.map((one, at) => h("option", { value: one.version, selected: at === chosen }, when(one) + (one.published ? ` · ${say("now")}` : "")));
    return h("label", {}, h("span", {}, say(word)), h("select", { name: word }, options));
  };
  const compare = async (event) => {
    event.preventDefault();
    const { before, after } = event.target.elements;
    const asked = new URLSearchParams({ before: before.value, after: after.value });
    try {
      difference.replaceChildren(...drawDifference(await send("GET", `/api/versions/compare?${asked}`)));
    } catch (error) {
      difference.replaceChildren(h("p", { class: "trouble" }, why(error)));
    }
  };
  return h("form", { class: "bar compare", onsubmit: compare }, choice("before", Math.min(1, sound.length - 1)), choice("after", 0), h("button", {}, say("compare")));
}

function drawDifference({ added, removed, changed }) {
  const titles = (word, rows) => rows.length && [h("h3", {}, say(word, rows.length)), h("ul", { lang: "zh" }, rows.map((one) => h("li", {}, one.title)))];
  const parts = [titles("added", added), titles("removedAre", removed), changed.length && [h("h3", {}, say("changedAre", changed.length)), ...changed.map(drawChanged)]];
  const all = parts.filter(Boolean).flat();
  return all.length ? all : [h("p", {}, say("same"))];
}

function drawChanged(one) {
  const lines = one.sentences.map(([mark, text]) => h("li", {}, h(mark, {}, text)));
  if (one.more) lines.push(h("li", {}, say("moreSentences", one.more)));
  if (!lines.length) lines.push(h("li", {}, say("onlyFacts")));
  return h("details", { open: true, lang: "zh" }, h("summary", {}, one.title), h("ul", {}, lines));
}
