// Conversations in the reader's own browser: [{id, turns: [{question, given, state, …}]}], the newest first.

const STORED = "jiawen.conversations";
const CURRENT = "jiawen.current"; // of this tab: it survives a reload
const MOST = 50;

export function conversations() {
  try {
    const found = JSON.parse(localStorage.getItem(STORED));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export function current() {
  const id = history.state?.conversation ?? sessionStorage.getItem(CURRENT);
  return conversations().find((one) => one.id === id);
}

// The entry of the browser's own history names what it shows, so that Back does not bring what was opened after it.
export function mark(id) {
  history.replaceState({ ...history.state, conversation: id }, "");
}

// Puts the conversation first; where the browser has no room the oldest go.
export function keep(conversation) {
  sessionStorage.setItem(CURRENT, conversation.id);
  const all = [conversation, ...conversations().filter((one) => one.id !== conversation.id)].slice(0, MOST);
  while (all.length) {
    try {
      localStorage.setItem(STORED, JSON.stringify(all));
      return;
    } catch {
      all.pop();
    }
  }
}

export function forget(id) {
  localStorage.setItem(STORED, JSON.stringify(conversations().filter((one) => one.id !== id)));
}

export function leave() {
  sessionStorage.removeItem(CURRENT);
}

export function clear() {
  localStorage.removeItem(STORED);
  leave();
}
