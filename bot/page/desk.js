// The editor's desk above the list: adding documents, rebuilding, versions; and what the last rebuild had to say.
import { button, h, refill } from "./dom.js";
import { confirmed, isEditor, send, signButton, why } from "./editor.js";
import { openVersions } from "./versions.js";
import { add, half, say } from "./words.js";

add({
  zh: {
    addFiles: "添加文档", rebuild: "重建索引", versions: "版本", noFolder: "这个索引的内容文件夹已不在，只能阅读和回滚。",
    uploading: (name) => `正在检查 ${name}…`, stored: (file) => `已存为 ${file}，索引随后更新。`, tooLarge: (name) => `${name} 超过 32 MB；请拆成几个文件`,
    reading: "重建：正在读取文件…", embedding: (done, total) => `重建：已编码 ${done} / ${total} 句`, checking: "重建：正在检查，并用标准问题把关…",
    built: (report) => `已发布 ${report.version}：${report.documents} 篇，${report.chunks} 段，用时 ${report.seconds.toFixed(1)} 秒`,
    heldBack: "内容被回滚过，不会自动发布；要发布请点“重建索引”。", worse: "没有发布：新版本在标准问题上变差", notBuilt: "重建没有完成",
    skippedAre: "读不了、被跳过的文件", kept: "（旧内容保留）",
    passed: "标准问题把关：通过", overridden: "标准问题把关：跳过", noGate: "标准问题把关：没有可用的问题",
  },
  en: {
    addFiles: "Add documents", rebuild: "Rebuild", versions: "Versions", noFolder: "The folder of this index is gone: only reading and rolling back work.",
    uploading: (name) => `Checking ${name}…`, stored: (file) => `Stored as ${file}; the index follows.`, tooLarge: (name) => `${name} is larger than 32 MB: split it`,
    reading: "Rebuild: reading the files…", embedding: (done, total) => `Rebuild: ${done} of ${total} sentences embedded`, checking: "Rebuild: checking, and asking the golden questions…",
    built: (report) => `Published ${report.version}: ${report.documents} documents, ${report.chunks} passages, in ${report.seconds.toFixed(1)} s`,
    heldBack: "This content was rolled back and is not published by itself; press Rebuild to publish it.",
    worse: "Not published: the new version answers the golden questions worse", notBuilt: "The rebuild did not finish",
    skippedAre: "Files that could not be read and were skipped", kept: " (its earlier content stays)",
    passed: "Golden questions: passed", overridden: "Golden questions: not asked", noGate: "Golden questions: none to ask",
  },
});

const LARGEST = 32 * 1024 * 1024; // bytes, as indexer/read.py has it
const READABLE = ".md,.txt,.html,.htm,.docx,.pdf";

// The buttons; redrawn only where they change, so that the focus stays.
export function drawDesk(desk, overview, changed) {
  const key = JSON.stringify([isEditor(), overview?.kb, overview?.rebuilding, Boolean(signButton()), say("rebuild")]);
  if (desk.dataset.key === key) return;
  desk.dataset.key = key;
  const outcome = desk.querySelector(".outcome") || h("p", { class: "small outcome", role: "status", tabindex: -1, "data-name": "outcome" });
  const tools = isEditor() && overview ? drawTools(overview, outcome, changed) : [];
  refill(desk, ...[...tools, signButton(), outcome].filter(Boolean));
}

function drawTools(overview, outcome, changed) {
  const input = h("input", { type: "file", multiple: true, accept: READABLE, class: "unseen", tabindex: -1, "aria-hidden": "true", id: "files" });
  input.addEventListener("change", async () => {
    await upload([...input.files], outcome, changed);
    input.value = "";
  });
  const rebuild = async () => {
    try {
      await send("POST", "/api/rebuild");
    } catch (error) {
      outcome.textContent = why(error);
    }
    changed();
  };
  const tools = [button(say("versions"), () => openVersions(changed), { "data-name": "versions" })];
  if (!overview.kb) return tools;
  const busy = { disabled: overview.rebuilding, "data-name": "rebuild" };
  return [input, button(say("addFiles"), () => input.click(), { class: "go" }), button(say("rebuild"), rebuild, busy), ...tools];
}

// Sends the files; `as` is the path under kb/ of the document that one replaces. A line for each in `outcome`.
export async function upload(files, outcome, changed, as = "") {
  const lines = [];
  for (const file of files) {
    outcome.textContent = say("uploading", file.name);
    const name = as ? as.replace(/\.[^./]*$/, "") + file.name.replace(/^.*(?=\.)/, "") : file.name;
    lines.push(file.size > LARGEST ? say("tooLarge", file.name) : await put(file, name));
  }
  outcome.replaceChildren(...lines.filter(Boolean).map((line) => h("span", { class: "line" }, line)));
  changed();
}

// Asks before it replaces: the server says what it holds by that name and what the file is.
async function put(file, name, replace = false) {
  try {
    const said = await send("PUT", `/api/documents?${new URLSearchParams({ file: name, replace })}`, file);
    return say("stored", said.file);
  } catch (error) {
    if (error.status !== 409) return why(error);
    return (await confirmed(why(error), say("replace"))) ? put(file, name, true) : "";
  }
}

// What the rebuild does or did; redrawn only where it changed, so that it is read aloud once.
export function drawNotices(box, overview) {
  const parts = overview?.rebuild ? drawRebuild(overview) : [];
  if (overview?.kb === false) parts.unshift(h("p", {}, say("noFolder")));
  const words = parts.map((one) => one.textContent).join("\n");
  if (box.dataset.words === words) return;
  box.dataset.words = words;
  box.replaceChildren(...parts);
}

function drawRebuild({ rebuild, skipped, gate }) {
  if (rebuild.running) return drawProgress(rebuild);
  const { report, error } = rebuild;
  const parts = [];
  if (report?.regressed.length) parts.push(h("p", { class: "bad" }, say("worse")), list(report.regressed));
  else if (report?.held) parts.push(h("p", {}, say("heldBack")));
  else if (report) parts.push(h("p", {}, say("built", report)));
  else if (error) parts.push(h("p", { class: "bad" }, say("notBuilt")), list(error.split("\n").map(half)));
  const unread = report ? report.skipped : skipped;
  if (unread.length) {
    parts.push(h("p", { class: "bad" }, say("skippedAre")), list(unread.map((one) => `${one.file}: ${half(one.reason)}${one.kept ? say("kept") : ""}`)));
  }
  if (!report?.regressed.length && !error) parts.push(h("p", { class: "small" }, say(gate || "noGate")));
  return parts;
}

function drawProgress({ done, total }) {
  const words = total ? (done < total ? say("embedding", done, total) : say("checking")) : say("reading");
  const bar = h("progress", { max: total || null, value: total ? done : null, "aria-label": words });
  return [h("p", {}, words), bar];
}

function list(lines) {
  return h("ul", {}, lines.map((line) => h("li", {}, line)));
}
