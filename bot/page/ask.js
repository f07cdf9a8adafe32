// The Ask part: the conversation, the composer, and the state of the server.
import { answerOf, drafts, drawTurn, isAboutSomething, refresh } from "./answer.js";
import { copy, find, h, sendOnEnter } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { why } from "./editor.js";
import * as reader from "./reader.js";
import * as server from "./server.js";
import * as store from "./store.js";
import { narrow } from "./table.js";
import { drawMissing, drawWelcome } from "./welcome.js";
import { half, halves, languageOf, say, translate } from "./words.js";

const QUICK = 2000; // milliseconds between looks at the server while something is about to change
const SLOW = 20_000;
const NEAR_END = 120; // pixels: who has scrolled further up is reading there

let conversation = fresh();
let state = null; // what /api/start said last
let lost = false;
let asking = null; // AbortController of the answer that is coming
let ready = false; // the server has answered, and the conversation to begin with is shown
let early = false; // a question was sent before that
const articles = new Map(); // turn → its element
const running = new WeakMap(); // turn → the AbortController of its latest run

function fresh(turns = []) {
  return { id: String(Date.now()), turns };
}

// From here on this is a conversation of its own; what is kept of it so far stays as it is.
function branch(turns) {
  conversation = fresh(turns);
  store.mark(conversation.id);
}

const does = {
  edit: run,
  counted,
  after,
  retry: run,
  ask(question) {
    submit(question);
    find("log").focus({ preventScroll: true }); // the button that was pressed may be gone
  },
  async copy(turn, outcome, form) {
    const text = server.exported([turn.given], form).then((blob) => blob.text());
    await tried(outcome, async () => {
      const done = await copy(text).then(() => true, () => false);
      await text; // the server's word on why there is nothing to copy
      outcome.textContent = say(done ? "copied" : "notCopied");
    });
  },
  async share(turn, outcome) {
    await tried(outcome, async () => {
      const link = `${location.origin}/?answer=${await server.share(turn.given)}`;
      const field = h("input", { readonly: true, value: link, "aria-label": say("link") });
      const done = await copy(link).then(() => true, () => false);
      outcome.replaceChildren(h("span", {}, done ? say("linkCopied") : say("link")), field);
      field.focus();
      field.select();
      outcome.scrollIntoView({ block: "nearest" });
    });
  },
  async vote(turn, outcome, good, reason) {
    await tried(outcome, async () => {
      await server.feedback(turn.given, good, reason);
      turn.vote = good;
      save();
      refresh(articles.get(turn), turn, does);
      articles.get(turn).querySelector(".outcome").textContent = say("thanks");
      articles.get(turn).querySelector(".vote[aria-pressed=true]").focus();
    });
  },
};

async function tried(outcome, action) {
  outcome.textContent = ""; // the same words again are news: "copied" is said of this press, not of the last
  try {
    await action();
  } catch (error) {
    outcome.textContent = why(error);
  }
}

// ---- asking

function submit(question) {
  if (asking || !state || state.missing || !question.trim()) return;
  const turn = { question, given: null, state: "asking" };
  conversation.turns.push(turn);
  if (conversation.turns.length === 1) find("log").replaceChildren();
  run(turn);
}

async function run(turn, question = turn.question) {
  if (asking) return;
  const controller = new AbortController();
  asking = controller;
  running.set(turn, controller);
  drafts.delete(turn);
  history.replaceState(history.state, "", "/"); // no longer the shared answer alone
  if (turn.given || turn.question !== question) turn.earlier = { ...turn }; // kept until the first line has come
  Object.assign(turn, { question, state: "asking", given: null, error: "", suggestions: [], vote: null, shared: false });
  show(turn);
  articles.get(turn).scrollIntoView({ block: "start" });
  save(); // the question outlives a reload before its answer
  controls();
  announce(say("searching"));
  try {
    for await (const line of server.ask(turn.question, before(turn), controller.signal)) {
      if (running.get(turn) === controller) take(turn, line);
    }
    if (asking === controller) turn.state = "lost";
  } catch (error) {
    if (asking === controller) turn.state = trouble(turn, error);
  }
  if (turn.state === "lost") check();
  if (asking !== controller) {
    if (!store.isOther(conversation.id)) save(); // suggestions, which come behind the answer, undo no other tab's work
    return;
  }
  announce(turn.state === "stopped" ? say("stopped") : ""); // other trouble is an alert
  finish(turn);
}

function take(turn, line) {
  if (line.error) throw new server.Refused(line.error);
  if (turn.earlier) supersede(turn);
  if (line.suggestions) turn.suggestions = line.suggestions;
  if (line.answer) turn.given = { answer: line.answer, seal: line.seal };
  if (line.whole) {
    turn.state = "done";
    announceAnswer(answerOf(turn));
    finish(turn);
  } else update(turn);
}

// What stands below does not follow from another question: it stays in the conversation that the history keeps.
function supersede(turn) {
  const below = turn.question === turn.earlier.question ? [] : after(turn);
  if (below.length) branch(conversation.turns.slice(0, -below.length));
  for (const one of below) articles.get(one).remove();
  delete turn.earlier;
  save();
}

// Nothing has come: the question and the answer that were there are there again, and the edited question in its editor.
function putBack(turn) {
  const { question, state, error, earlier } = turn;
  delete turn.earlier;
  Object.assign(turn, earlier);
  if (question !== turn.question) drafts.set(turn, question);
  if (!articles.get(turn)?.isConnected) return;
  show(turn);
  const words = { stopped: say("stopped"), lost: say("unreachable"), failed: say("failed") + half(error) };
  articles.get(turn).querySelector(".outcome").textContent = words[state];
  announce(words[state]);
}

function trouble(turn, error) {
  if (error.name === "AbortError") return "stopped";
  if (!(error instanceof server.Refused)) return "lost";
  turn.error = error.message;
  return "failed";
}

function finish(turn) {
  asking = null;
  if (turn.earlier) putBack(turn);
  update(turn);
  save();
  controls();
}

function before(turn) {
  const earlier = conversation.turns.slice(0, conversation.turns.indexOf(turn)).filter((one) => one.given);
  return earlier.slice(-6).map((one) => ({ question: one.question, answer: answerOf(one).answer }));
}

function after(turn) {
  return conversation.turns.slice(conversation.turns.indexOf(turn) + 1);
}

function announce(text, said = "") {
  find("status").replaceChildren(text, said && h("span", { lang: languageOf(said) }, said));
}

function announceAnswer(one) {
  const outcome = isAboutSomething(one) && say("done", say(one.verdict), one.note && halves(one.note));
  announce(outcome || "", one.answer.replace(/[|*]+/g, " ")); // without Markdown's marks of tables and emphasis
}

// ---- drawing

function show(turn) {
  const drawn = drawTurn(turn, does);
  const old = articles.get(turn);
  articles.set(turn, drawn);
  if (old?.contains(document.activeElement)) find("log").focus({ preventScroll: true });
  if (old?.isConnected) old.replaceWith(drawn);
  else find("log").append(drawn);
}

function update(turn) {
  const article = articles.get(turn);
  if (!article?.isConnected) return;
  const log = find("log");
  const follow = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  refresh(article, turn, does);
  const isLast = turn === conversation.turns.at(-1); // suggestions of an earlier one come late
  if (follow && isLast) log.scrollTop = Math.min(log.scrollHeight, article.offsetTop); // the question stays in view
}

function draw() {
  translate(document.querySelector(".ask"));
  const log = find("log");
  const { scrollTop } = log;
  const focused = log.contains(document.activeElement);
  log.replaceChildren();
  if (state?.missing) log.append(drawMissing(state.index));
  else if (conversation.turns.length) conversation.turns.forEach(show);
  else if (ready) log.append(drawWelcome(state.starters, does));
  else log.append(h("p", { class: "small" }, say("loading")));
  log.scrollTop = scrollTop;
  if (focused) log.focus({ preventScroll: true });
  controls();
  showState();
}

// Whether the field holds a question that can be sent; the counter says how near it is to the longest.
function counted(field, counter) {
  const length = [...field.value.trim()].length;
  const most = state?.longest_question || Infinity;
  const long = length > most;
  counter.textContent = long ? say("tooLong", length, most) : length > most * 0.8 ? `${length} / ${most}` : "";
  field.setAttribute("aria-invalid", long);
  return length > 0 && !long;
}

function controls() {
  const sendable = counted(find("question"), find("counter"));
  find("question").disabled = Boolean(state?.missing);
  find("send").disabled = !sendable || !ready || Boolean(state.missing);
  const focused = document.activeElement;
  find("send").hidden = Boolean(asking);
  find("stop").hidden = !asking;
  if (focused?.hidden) find("log").focus({ preventScroll: true });
  find("open-export").disabled = !given().length;
}

function showState() {
  const banner = find("banner");
  let words = "";
  if (lost) words = say("lost");
  else if (state?.rebuilding) words = say(state.missing ? "building" : "rebuilding");
  else if (state?.rebuild_error) words = say("rebuildFailed", half(state.rebuild_error));
  if (banner.textContent !== words) banner.textContent = words;
  banner.hidden = !words;
  const line = document.querySelector(".index-line");
  if (line) line.textContent = state?.index_version ? say("index", state) : "";
}

// ---- the server's state

let timer = 0;

async function check() {
  clearTimeout(timer);
  const wasMissing = !state || state.missing;
  try {
    state = await server.start();
    if (lost) announce(say("back"));
    lost = false;
  } catch {
    lost = true;
  }
  if (state && wasMissing !== state.missing) draw();
  else showState();
  controls();
  timer = setTimeout(check, lost || !state || state.missing || state.rebuilding ? QUICK : SLOW);
}

// ---- conversations

function given() {
  return conversation.turns.filter((turn) => turn.state === "done").map((turn) => turn.given);
}

function save() {
  if (!conversation.turns.length) return;
  if (store.isOther(conversation.id)) branch(conversation.turns);
  store.keep({ ...conversation, turns: conversation.turns.map((turn) => turn.earlier ?? turn) });
}

// Shows what another tab has made of this conversation; what is being asked or edited here goes on under another name.
function follow() {
  if (!store.isOther(conversation.id)) return;
  const found = store.kept(conversation.id);
  const { scrollTop } = find("log");
  if (found && (asking || find("log").querySelector(".editor"))) branch(conversation.turns);
  else open(found ?? fresh());
  find("log").scrollTop = scrollTop;
}

function isOpen(id) {
  return conversation.id === id;
}

function open(found) {
  asking?.abort();
  reader.closeReader();
  articles.clear();
  conversation = found;
  store.mark(conversation.id);
  for (const turn of conversation.turns) if (turn.state === "asking") turn.state = "stopped";
  draw();
  articles.get(conversation.turns.at(-1))?.scrollIntoView({ block: "start" });
}

function startNew() {
  store.leave();
  history.replaceState(history.state, "", "/");
  open(fresh());
  find("question").focus();
}

async function openShared(id) {
  const given = /^[0-9a-f]{32}$/.test(id) ? await server.shared(id) : null;
  if (!given) throw new server.Refused(say("badLink"));
  const turn = { question: JSON.parse(given.answer).question, given, state: "done", shared: true };
  if (new URLSearchParams(location.search).get("answer") !== id) return; // New was pressed meanwhile
  open(fresh([turn]));
}

// ---- start

function listen(root) {
  const field = find("question");
  field.addEventListener("input", () => {
    early = false; // what is typed on is not sent half-written
    controls();
  });
  sendOnEnter(field);
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    early = !ready;
    if (asking || find("send").disabled) return;
    submit(field.value.trim());
    field.value = "";
    controls();
  });
  find("stop").addEventListener("click", () => asking?.abort());
  find("new").addEventListener("click", startNew);
  document.addEventListener("jiawen:language", () => {
    reader.closeReader();
    draw();
  });
  narrow.addEventListener("change", draw); // a phone was turned: tables are drawn another way
  addEventListener("online", check);
  addEventListener("storage", follow);
}

function warn(error) {
  find("banner").textContent = why(error);
  find("banner").hidden = false;
}

export async function start(element) {
  const root = element.querySelector(".ask");
  root.hidden = false;
  listen(root);
  reader.start(root);
  dialogs.start(root, { given, isOpen, open, startNew, announce, warn });
  draw();
  await check();
  const id = new URLSearchParams(location.search).get("answer");
  if (id === null) open(store.current() ?? conversation);
  addEventListener("popstate", () => store.mark(conversation.id)); // an entry of this page, which shows what it showed
  while (!state) await new Promise((done) => setTimeout(done, QUICK)); // check() goes on asking
  const failed = id !== null && (await openShared(id).catch((error) => error));
  ready = true;
  draw();
  if (failed) warn(failed);
  if (early) find("composer").requestSubmit();
  if (matchMedia("(pointer: fine)").matches) find("question").focus(); // elsewhere it would bring up a keyboard
}
