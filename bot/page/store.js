// Conversations in the reader's own browser, each under a key of its own, so that no tab writes over what another keeps:
// {id, at, turns: [{question, given, state, …}]}, `at` the time when it was kept.

// A browser that keeps nothing throws on the bare access: then what is kept lasts until the page is left.
function opened(name) {
  try {
    return window[name] ?? memory();
  } catch {
    return memory();
  }
}

function memory() {
  return Object.create({
    getItem(key) { return this[key] ?? null; },
    setItem(key, value) { this[key] = value; },
    removeItem(key) { delete this[key]; },
  });
}

const local = opened("localStorage");
export const session = opened("sessionStorage");

const settings = {}; // as chosen here: a browser without room keeps none

export function setting(key) {
  return settings[key] ?? local.getItem(key);
}

export function set(key, value) {
  settings[key] = value;
  put(local, key, value);
}

// Calls `changed` when another tab has chosen another value.
export function follow(key, changed) {
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    delete settings[key];
    changed();
  });
}

// False where the browser has no room.
export function put(store, key, value) {
  try {
    store.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

const STORED = "jiawen.conversation."; // and its id
const CURRENT = "jiawen.current"; // of this tab: it survives a reload
const MOST = 50;

let seen; // JSON of what is kept of the conversation that this tab shows, as this tab found or left it

function read(key) {
  try {
    return JSON.parse(local.getItem(key)) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(id, at, turns) {
  return put(local, STORED + id, JSON.stringify({ id, at, turns }));
}

export function kept(id) {
  return read(STORED + id);
}

// The newest first.
export function conversations() {
  const ids = Object.keys(local).filter((key) => key.startsWith(STORED)).map((key) => key.slice(STORED.length));
  return ids.map(kept).filter(Boolean).sort((one, other) => other.at - one.at);
}

export function current() {
  return kept(history.state?.conversation ?? session.getItem(CURRENT));
}

// Whether another tab has changed the conversation that this one shows, or taken it away.
export function isOther(id) {
  return JSON.stringify(kept(id)?.turns) !== seen;
}

// The entry of the browser's own history names what it shows, so that Back does not bring what was opened after it.
export function mark(id) {
  history.replaceState({ ...history.state, conversation: id }, "");
  seen = JSON.stringify(kept(id)?.turns);
}

// Where the browser has no room the oldest go.
export function keep({ id, turns }) {
  put(session, CURRENT, id);
  const others = conversations().filter((one) => one.id !== id);
  for (const one of others.splice(MOST - 1)) forget(one.id);
  while (!write(id, Date.now(), turns) && others.length) forget(others.pop().id);
  seen = JSON.stringify(kept(id)?.turns);
}

export function forget(id) {
  local.removeItem(STORED + id);
}

export function leave() {
  session.removeItem(CURRENT);
}

export function clear() {
  for (const one of conversations()) forget(one.id);
  leave();
}

// The list under one key, in which they were before, the newest first.
const LIST = "jiawen.conversations";
const listed = read(LIST) ?? [];
local.removeItem(LIST);
listed.every(({ id, turns }, at) => write(id, -at, turns));
