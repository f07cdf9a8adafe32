// One turn as elements: the question, the verdict, the sentences with their chips, what can be done with them.
import { button, composes, emphasized, h, sendOnEnter } from "./dom.js";
import { chip, placeOf } from "./reader.js";
import { boxed, drawParts, drawTable, narrow } from "./table.js";
import { half, halves, languageOf, say } from "./words.js";

// turn → the text in its open editor. It outlives the elements: a question that did not get through is not typed twice.
export const drafts = new WeakMap();

export function answerOf(turn) {
  return turn.given ? JSON.parse(turn.given.answer) : null;
}

// The turn's article; `does` has what its buttons do: edit, counted, after, retry, copy, share, vote, ask.
export function drawTurn(turn, does) {
  const asked = drafts.has(turn) ? drawEditor(turn, does) : drawQuestion(turn, does);
  const article = h("article", { class: "turn" }, asked, h("div", { class: "answered" }));
  refresh(article, turn, does);
  return article;
}

function drawQuestion(turn, does) {
  const open = () => {
    const editor = drawEditor(turn, does);
    asked.replaceWith(editor);
    editor.querySelector("textarea").focus();
  };
  const edit = button(say("edit"), open, { class: "quiet" });
  const asked = h("div", { class: "asked" }, h("h2", { class: "question", lang: languageOf(turn.question) }, turn.question), edit);
  return asked;
}

function drawEditor(turn, does) {
  const area = h("textarea", { rows: 3, "aria-label": say("question") });
  area.value = drafts.get(turn) ?? turn.question;
  const counter = h("p", { class: "counter", role: "status" });
  const go = h("button", {}, say("send"));
  const typed = () => {
    drafts.set(turn, area.value);
    go.disabled = !does.counted(area, counter);
  };
  const send = (event) => {
    event.preventDefault();
    if (does.counted(area, counter)) does.edit(turn, area.value.trim());
  };
  const cancel = () => {
    drafts.delete(turn);
    const asked = drawQuestion(turn, does);
    editor.replaceWith(asked);
    asked.querySelector(".quiet").focus();
  };
  const buttons = h("div", { class: "bar" }, go, button(say("cancel"), cancel));
  const below = does.after(turn).length && h("p", { class: "small" }, say("editBelow"));
  const onkeydown = (event) => {
    if (event.key !== "Escape" || composes(event)) return;
    event.stopPropagation(); // the reader stays open
    cancel();
  };
  const editor = h("form", { class: "editor", onsubmit: send, onkeydown }, area, counter, below, buttons);
  area.addEventListener("input", typed);
  sendOnEnter(area);
  typed();
  return editor;
}

// Brings the answer's elements up to date. What has not changed keeps its element, and so focus and what it shows.
export function refresh(article, turn, does) {
  const box = article.querySelector(".answered");
  const answer = answerOf(turn);
  const whole = turn.state !== "asking";
  const part = (key, draw) => {
    const kept = [...box.children].find((child) => child.dataset.key === key);
    const drawn = kept || draw();
    if (drawn) drawn.dataset.key = key;
    return drawn;
  };
  const said = part("said", () => h("div", { class: "said" }));
  if (answer) {
    said.lang = languageOf(answer.answer + answer.pending);
    drawSentences(said, turn, answer);
  }
  box.setAttribute("aria-busy", !whole);
  const waiting = say(answer ? "writing" : "searching");
  put(box, [
    answer?.answer && whole && isAboutSomething(answer) && part("verdict", () => drawVerdict(answer)),
    turn.shared && part("shared", () => h("p", { class: "note" }, say("shared", answer.index_version))),
    answer?.searched && part("searched", () => h("p", { class: "small" }, say("searched", answer.searched))),
    answer?.note && part(answer.note, () => h("p", { class: "note" }, halves(answer.note))),
    !whole && part(waiting, () => h("p", { class: "small waiting" }, waiting)),
    said,
    answer?.nearest.length && part("nearest", () => drawNearest(answer)),
    part(turn.state, () => drawTrouble(turn)),
    whole && part(`actions ${turn.vote}`, () => drawActions(turn, does)),
    turn.suggestions?.length && part("follow", () => drawSuggestions(turn.suggestions, does)),
  ].filter(Boolean));
}

// Makes these the box's children without moving those that stay: an element that is moved loses the focus.
function put(box, elements) {
  for (const child of [...box.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((element, at) => {
    if (box.children[at] !== element) box.insertBefore(element, box.children[at] || null);
  });
}

// Nothing is near to 谢谢！ which asks for nothing that could be found.
export function isAboutSomething(answer) {
  return answer.verdict !== "refused" || answer.nearest.length > 0;
}

// How sure an answer is. Of 382 about three sets of documents 187 were at 0.85 or more, all but one right, and below 0.3
// two thirds were. A refusal says what is near instead: the answer was there for 21 of 50 about twelve leaflets.
// Where a note says what is wanting, that a second question has no answer, "high confidence" would deny it.
function drawVerdict(answer) {
  const confidence = say(answer.confidence >= 0.85 ? "sure" : answer.confidence >= 0.3 ? "fairly" : "unsure");
  const about = answer.verdict !== "refused" && [!answer.note && confidence, say("passages", answer.citations.length)];
  const words = (about || []).filter(Boolean).map((one) => ` · ${one}`);
  return h("p", { class: `verdict ${answer.verdict}` }, h("strong", {}, say(answer.verdict)), words);
}

function drawSentences(said, turn, answer) {
  const places = answer.citations.map((one) => placeOf(one));
  said.classList.toggle("generated", answer.answerer !== "extractive");
  const groups = groupsOf(answer);
  groups.forEach((group, at) => {
    const key = JSON.stringify(group);
    const old = said.children[at];
    if (old?.dataset.key === key) return;
    const drawn = group.key ? drawRows(group, places) : drawSentence(group.sentence, places);
    const begins = !at || groups[at - 1].key; // a table ends its line by itself
    const before = begins ? group.sentence?.before?.trimStart() : group.sentence?.before; // an older answer has none
    if (before) drawn.prepend(h("span", { class: "before" }, before));
    drawn.dataset.key = key;
    if (old) old.replaceWith(drawn);
    else said.append(drawn);
  });
  while (said.children.length > groups.length) said.lastChild.remove();
  if (answer.refusal) said.append(h("strong", {}, answer.refusal));
  else if (answer.pending && turn.state === "asking") said.append(h("span", { class: "pending" }, answer.pending));
}

// The sentences in their order, {sentence}; those that are rows of one table all where the first is, {key, names, rows},
// and what leads to one on a line of its own.
function groupsOf(answer) {
  const groups = [];
  for (const sentence of answer.sentences) {
    const cited = answer.citations.find((one) => one.number === sentence.citations[0]);
    const isRow = cited?.quote === sentence.text && cited.parts?.length === 1 && sentence.supported;
    const key = isRow && `${cited.digest} ${cited.parts[0].table}`;
    const { names, rows } = isRow ? cited.parts[0] : {};
    const lead = isRow && sentence.before?.split("\n").slice(0, -1).join("\n").trim(); // as in bot/export.py
    if (lead) groups.push({ sentence: { text: lead, before: "\n", citations: [], unresolved: [], supported: true } });
    const begun = isRow && groups.find((one) => one.key === key);
    const row = { cells: rows?.[0] ?? names, isNames: !rows?.length, sentence };
    if (begun) begun.rows.push(row);
    else groups.push(isRow ? { key, names, rows: [row] } : { sentence });
  }
  return groups;
}

function drawRows({ names, rows }, places) {
  const width = Math.max(names.length, ...rows.map((row) => row.cells.length));
  const marks = (some) => some.flatMap(({ sentence }) => marksOf(sentence, places));
  const ofNames = rows.filter((row) => row.isNames);
  const others = rows.filter((row) => !row.isNames);
  if (narrow.matches && width > 2 && names.some(Boolean) && others.length) return drawLines(names, others, marks, ofNames);
  const cited = (cells, some) => [...Array.from({ length: width }, (_, at) => cells[at] ?? ""), h("td", { class: "cites" }, marks(some))];
  const head = names.some(Boolean) ? cited(names, ofNames) : [];
  return boxed(drawTable(head, others.map((row) => cited(row.cells, [row]))));
}

// A line a column: on a phone the column that answers would be out of sight.
function drawLines(names, rows, marks, ofNames) {
  const tables = rows.map((row) => {
    const [table] = drawParts({ parts: [{ names, rows: [row.cells] }] });
    table.querySelector("tr:last-child > :last-child").append(...marks([row]));
    return table;
  });
  tables[0].querySelector("th").append(...marks(ofNames));
  return h("div", { class: "lines" }, tables);
}

// What an item of a list begins with, as in bot/lists.py.
const ITEM = /^[ \t]*([-*+•·●○■□▪➢✓√]|\d{1,2}([.．](?!\d)|[、)）])|[(（](\d{1,2}|[一二三四五六七八九十]{1,3})[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳])[ \t]*\S/;

// A list with a line an item; any other line break of a document is white space.
function inLines(quote) {
  return quote.split("\n").reduce((text, line) => `${text}${ITEM.test(line) ? "\n" : " "}${line.trim()}`);
}

// 电话：8020 does not say whose: what it stands under is shown in front of it.
const LABELLED = /^[^：:，,。\s]{1,12}[：:]\s*\S/;

function drawHeading({ title, headings, quote }) {
  const heading = LABELLED.test(quote) && headings?.filter((name) => name !== title).at(-1);
  return heading && !quote.includes(heading) && h("span", { class: "small" }, heading, " ");
}

// Takes the last character out of the element.
function lastOf(element) {
  const end = element.lastChild;
  if (!end) return "";
  const characters = [...end.textContent];
  const last = characters.pop();
  end.textContent = characters.join("");
  return end instanceof Element ? h(end.localName, {}, last) : last;
}

// The last character stays with the chips, so that they never begin a line.
function drawSentence(sentence, places) {
  const cited = places.find((place) => place.quote === sentence.text);
  const text = h("span", { class: sentence.supported ? "" : "unsupported" }, cited ? emphasized(inLines(sentence.text)) : sentence.text);
  const together = h("span", { class: "together" }, lastOf(text), marksOf(sentence, places));
  const drawn = h("span", { class: "sentence" }, cited && drawHeading(cited), text, together);
  if (!sentence.supported) drawn.append(h("span", { class: "why" }, say("unsupported", half(sentence.reason))));
  if (/[\w.!?]$/.test(sentence.text)) drawn.append(" ");
  return drawn;
}

function marksOf(sentence, places) {
  const marks = sentence.citations.map((number) => {
    const at = places.findIndex((place) => place.number === number);
    return chip(places.with(at, { ...places[at], mended: sentence.mended }), at);
  });
  for (const number of sentence.unresolved) {
    marks.push(h("span", { class: "unresolved", role: "img", "aria-label": say("unresolved", number),
      title: say("unresolved", number) }, `[${number}?]`));
  }
  return marks;
}

const LONGEST = 100; // characters shown of one of the nearest passages

// Of each of the nearest passages its likeliest sentence; of older answers its beginning. The title where it is another.
function drawNearest(answer) {
  const places = answer.nearest.map((hit) => placeOf({ ...hit, headings: [], quote: hit.text, ...hit.sentence, number: hit.rank }));
  const items = places.map((place, at) => {
    const [first, second] = place.parts ?? [place.quote];
    const table = typeof first === "string" ? second : first;
    const words = (table === first ? "" : first).replace(/\s+/g, " ").replace(/^[# ]+/, "");
    const isShort = words.length <= LONGEST;
    const text = words && h("span", { lang: languageOf(words) }, emphasized(isShort ? words : `${words.slice(0, LONGEST)}…`));
    const title = place.title !== places[at - 1]?.title && h("small", { lang: languageOf(place.title) }, place.title);
    const row = table && isShort ? drawParts({ parts: [{ ...table, rows: table.rows.slice(0, 1) }] }) : [];
    return h("li", {}, chip(places, at, text, ...row, title));
  });
  return h("div", { class: "nearest" }, h("p", { class: "small" }, say("nearest")), h("ul", {}, items));
}

function drawTrouble(turn) {
  if (turn.state === "failed") return h("p", { class: "trouble", role: "alert" }, say("failed") + half(turn.error));
  if (turn.state === "lost") return h("p", { class: "trouble", role: "alert" }, say("lostAnswer"));
  return turn.state === "stopped" && h("p", { class: "small" }, say("stopped"));
}

// Only a whole answer has a seal, without which nothing can be done with it elsewhere.
function drawActions(turn, does) {
  const outcome = h("p", { class: "outcome", role: "status" });
  const act = (what, ...more) => () => does[what](turn, outcome, ...more);
  const buttons = [button(say("retry"), () => does.retry(turn))];
  if (turn.state === "done") {
    const copies = [button(say("copy"), act("copy", "text")), button(say("copyMarkdown"), act("copy", "markdown"))];
    buttons.unshift(...copies, button(say("share"), act("share")));
    const pressed = (good) => ({ "aria-pressed": String(turn.vote === good), class: "vote" });
    const ask = () => askWhy(outcome, (reason) => does.vote(turn, outcome, false, reason));
    buttons.push(
      button(say("good"), act("vote", true, ""), pressed(true)),
      button(say("bad"), ask, pressed(false)),
    );
  }
  let opener = null;
  const bar = h("div", { class: "bar", onclick: (event) => (opener = event.target) }, buttons);
  // Escape closes what a button has opened below, and nothing else.
  const onkeydown = (event) => {
    if (event.key !== "Escape" || !outcome.childElementCount) return;
    event.stopPropagation();
    outcome.textContent = "";
    opener.focus();
  };
  return h("div", { class: "actions", onkeydown }, bar, outcome);
}

function askWhy(outcome, chosen) {
  const reasons = Object.entries(say("reasons")).map(([reason, word]) => button(word, () => chosen(reason)));
  outcome.replaceChildren(h("span", {}, say("whatIsWrong")), h("span", { class: "bar" }, reasons));
  reasons[0].focus();
  outcome.scrollIntoView({ block: "nearest" }); // all of them, not the first alone
}

function drawSuggestions(questions, does) {
  const items = questions.map((question) => h("li", {}, button(question, () => does.ask(question), { lang: languageOf(question) })));
  return h("div", { class: "follow" }, h("p", { class: "small" }, say("follow")), h("ul", {}, items));
}
