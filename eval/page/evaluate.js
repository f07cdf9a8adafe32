// The Evaluate part, an editor's: starting a run, how far it is, the list of runs.
import { button, find, h, refill } from "../dom.js";
import { confirmed, isEditor, look, send, signButton, why } from "../editor.js";
import { put, session } from "../store.js";
import { add, half, say, translate } from "../words.js";
import { openDetails } from "./details.js";
import { percent, when } from "./format.js";
import * as run from "./run.js";

add({
  zh: {
    editorsOnly: "评测只给编辑用，请先登录。", noPassword: "评测只给编辑用，而这台服务器没有设密码。请这样重新启动，然后在这里登录：",
    startRun: "开始评测", stopRun: "停止评测", details: "检索细节", golden: "标准问题集", goldenIs: (one) => `标准问题集 ${one.name} · ${one.questions} 问`,
    noGolden: "标准问题集用不了：", otherGolden: "用别的问题集：JIAWEN_GOLDEN=文件 make chat",
    opening: "正在打开索引…", asked: (done, total) => `已问 ${done} / ${total}`, finished: "评测完成。", notFinished: (why) => `上次评测没有完成：${why}`,
    runs: "各次评测", oneRun: "一次评测", noRuns: "还没有评测。开始一次，或在终端运行 jiawen eval run；结果放在 runs/。",
    runIs: (one) => `${one.cases} · ${one.questions} 问`, rightIs: (share) => `答对 ${share}`, unreadable: "读不了", removeRun: "删除",
    removeRunWhat: (name) => `删除 runs/${name} 的评测结果？删了就没有了。`,
  },
  en: {
    editorsOnly: "Evaluation is for editors: sign in first.", noPassword: "Evaluation is for editors, and no password is set on this server. Start it like this, then sign in here:",
    startRun: "Run evaluation", stopRun: "Stop", details: "Retrieval details", golden: "Golden set", goldenIs: (one) => `Golden set ${one.name} · ${one.questions} questions`,
    noGolden: "The golden set cannot be used: ", otherGolden: "To use another: JIAWEN_GOLDEN=FILE make chat",
    opening: "Opening the index…", asked: (done, total) => `${done} of ${total} asked`, finished: "The run is finished.", notFinished: (why) => `The last run did not finish: ${why}`,
    runs: "Runs", oneRun: "A run", noRuns: "No run yet. Start one, or use jiawen eval run in a terminal; results go to runs/.",
    runIs: (one) => `${one.cases} · ${one.questions} questions`, rightIs: (share) => `${share} right`, unreadable: "unreadable", removeRun: "Delete",
    removeRunWhat: (name) => `Delete the results in runs/${name}? They cannot be taken back.`,
  },
});

const QUICK = 700; // milliseconds between looks at the server while a run goes on
const SLOW = 5000;
const AT_ONCE = 8; // runs listed before one asks for more
const OPENED = "jiawen.run"; // of this tab

let overview = null; // what /api/evaluate said last
let asked = false; // the server has said who we are
let trouble = "";
let shown = AT_ONCE;
let timer = 0;
let checks = 0; // begun; what an earlier one is told is older

// Puts these into the box if `key` is another than before.
function renew(box, key, draw) {
  const words = JSON.stringify([key, say("runs")]);
  if (box.dataset.key === words) return;
  box.dataset.key = words;
  refill(box, ...draw().filter(Boolean));
}

function draw() {
  translate(document.querySelector(".evaluate"));
  const { golden = [], job = {}, runs = [] } = overview || {};
  const whole = Boolean(overview);
  renew(find("evaluate-bar"), [isEditor(), whole, golden, job.running, Boolean(signButton())], () => (whole ? drawBar(golden, job) : [signButton()]));
  renew(find("evaluate-notices"), [asked, isEditor(), whole, trouble, golden, job.running, job.error, !job.total], () => drawNotices(golden, job));
  if (find("asked")) tick(job);
  renew(find("runs"), [whole, runs, run.opened(), shown], () => (whole ? drawRuns(runs) : []));
  run.show(overview);
}

function drawBar(golden, job) {
  const choice = golden.length > 1 ? h("select", { "aria-label": say("golden"), id: "golden", disabled: job.running }, golden.map((one) => h("option", { value: one.file }, say("goldenIs", one))))
    : h("span", { class: "small", title: golden[0].file }, say("goldenIs", golden[0]));
  const usable = golden.some((one) => !one.error);
  const begin = () => tried(async () => {
    const picked = find("golden")?.value || golden[0].file;
    await send("POST", "/api/evaluate/start", { cases: picked });
  });
  const stop = () => tried(() => send("POST", "/api/evaluate/stop"));
  const go = job.running ? button(say("stopRun"), stop, { "data-name": "go" }) : button(say("startRun"), begin, { class: "go", "data-name": "go", disabled: !usable });
  return [go, choice, button(say("details"), () => openDetails({}), { "data-name": "details" }), signButton()];
}

function drawNotices(golden, job) {
  if (trouble) return [h("p", { class: "trouble", role: "alert" }, trouble)];
  if (!asked) return [h("p", { class: "waiting" }, say("loading"))];
  if (!isEditor()) {
    if (signButton()) return [h("p", {}, say("editorsOnly"))];
    return [h("p", {}, say("noPassword")), h("pre", {}, h("code", {}, "JIAWEN_EDITOR_PASSWORD=… make chat"))];
  }
  if (!overview) return [h("p", { class: "waiting" }, say("loading"))];
  const unusable = golden.filter((one) => one.error).map((one) => h("p", { class: "trouble" }, say("noGolden") + half(one.error), h("span", { class: "line small" }, say("otherGolden"))));
  const running = job.running && h("div", { class: "job" }, h("p", { id: "asked" }), h("progress", { id: "progress", "aria-labelledby": "asked" }));
  return [...unusable, running, job.error && h("p", { class: "trouble", role: "alert" }, say("notFinished", half(job.error)))];
}

function tick({ done, total }) {
  find("asked").textContent = total ? say("asked", done, total) : say("opening");
  if (total) Object.assign(find("progress"), { max: total, value: done });
}

function drawRuns(runs) {
  if (!runs.length) return [h("p", { class: "empty" }, say("noRuns"))];
  const items = runs.slice(0, shown).map((one) => h("li", {}, one.error ? drawBroken(one) : drawEntry(one)));
  const more = () => {
    shown += AT_ONCE;
    draw();
  };
  if (runs.length > shown) items.push(h("li", {}, button(say("more"), more, { "data-name": "more" })));
  return [h("h2", {}, say("runs")), h("ul", {}, items)];
}

function drawEntry(one) {
  const current = run.opened() === one.name ? "true" : null;
  const open = button("", () => choose(one.name, true), { class: "entry", "aria-current": current, "data-name": one.name });
  const about = [say("runIs", one), one.commit].filter(Boolean).join(" · ");
  open.append(h("span", { class: "when" }, when(one.time)), h("span", { class: "share" }, say("rightIs", percent(one.right.value))), h("span", { class: "about" }, one.name), h("span", { class: "about" }, about));
  return open;
}

function drawBroken(one) {
  const remove = button(say("removeRun"), () => removeRun(one.name), { "aria-label": `${say("removeRun")}: ${one.name}`, "data-name": one.name });
  return h("div", { class: "broken" }, h("p", {}, h("strong", {}, `${one.name} · ${say("unreadable")}`), h("span", { class: "line small" }, half(one.error))), remove);
}

function choose(name, focus = false) {
  put(session, OPENED, name);
  run.open(name, focus);
  draw();
}

async function removeRun(name) {
  if (!(await confirmed(say("removeRunWhat", name), say("removeRun")))) return;
  await tried(() => send("DELETE", `/api/evaluate/run?${new URLSearchParams({ name })}`));
  find("evaluate-bar").querySelector("[data-name=go]")?.focus();
}

async function tried(action) {
  const outcome = find("evaluate-outcome");
  try {
    outcome.textContent = "";
    await action();
  } catch (error) {
    outcome.textContent = why(error);
  }
  await check();
}

async function check() {
  clearTimeout(timer);
  const mine = ++checks;
  const before = overview?.job;
  let said = overview;
  let failed = "";
  try {
    await look();
    asked = true;
    said = isEditor() ? await send("GET", "/api/evaluate") : null;
  } catch (error) {
    failed = why(error, "lost");
  }
  if (mine !== checks) return;
  [overview, trouble] = [said, failed];
  if (overview) follow(before, overview);
  else if (!failed) run.open(null); // signed out
  draw();
  if (isShown()) timer = setTimeout(check, overview?.job.running ? QUICK : SLOW);
}

// The run that has just ended is opened, else the one that was open, else the newest.
function follow(before, { job, runs }) {
  const sound = runs.filter((one) => !one.error).map((one) => one.name);
  const ended = before?.running && !job.running && !job.error && sound.includes(job.run);
  if (ended) {
    find("evaluate-outcome").textContent = say("finished");
    choose(job.run);
    return;
  }
  const kept = [run.opened(), session.getItem(OPENED)].find((name) => sound.includes(name));
  const next = kept || sound[0] || null;
  if (next !== run.opened()) run.open(next); // one that failed to load waits for its button
}

function isShown() {
  return find("evaluate").checkVisibility();
}

export function start(element) {
  element.querySelector(".evaluate").hidden = false;
  run.start(removeRun);
  document.addEventListener("jiawen:language", draw);
  document.addEventListener("jiawen:editor", () => isShown() && check());
  document.addEventListener("jiawen:part", () => isShown() && check());
  draw();
  if (isShown()) check();
}
