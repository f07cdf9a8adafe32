// Signing in, for whoever may change something. Every part shows one button; they all follow the same state.
import { button, h } from "./dom.js";
import { Refused } from "./server.js";
import { add, half, say } from "./words.js";

add({
  zh: { signIn: "编辑登录", signOut: "退出登录", password: "密码", cancel: "取消" },
  en: { signIn: "Editor sign-in", signOut: "Sign out", password: "Password", cancel: "Cancel" },
});

let state = { enabled: false, signed_in: false };

export function isEditor() {
  return state.signed_in;
}

// JSON of the server; `body` is a File, or what becomes JSON. Its own message is thrown as a Refused.
export async function send(method, path, body) {
  const headers = body instanceof Blob || body === undefined ? {} : { "Content-Type": "application/json" };
  const sent = body instanceof Blob || body === undefined ? body : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent });
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const refused = new Refused(said.error || `${response.status} ${response.statusText}`);
  refused.status = response.status;
  if (response.status === 403 && state.signed_in) take(await send("GET", "/api/editor")); // the session may have ended
  throw refused;
}

// What went wrong, in the language of the page; what is asked again by itself says "lost".
export function why(error, unanswered = "unreachable") {
  return error instanceof Refused ? half(error.message) : say(unanswered);
}

function take(said) {
  const changed = said.signed_in !== state.signed_in || said.enabled !== state.enabled;
  state = said;
  if (changed) document.dispatchEvent(new Event("jiawen:editor"));
}

// Asks the server who we are; `jiawen:editor` is sent to the document where that has changed.
export async function look() {
  take(await send("GET", "/api/editor"));
}

// The button that signs in or out; nothing where no password is set on the server.
export function signButton() {
  if (!state.enabled) return null;
  const sign = { class: "sign", "data-name": "sign" };
  if (!state.signed_in) return button(say("signIn"), askPassword, sign);
  return button(say("signOut"), async () => take(await send("DELETE", "/api/editor")), sign);
}

function askPassword(event) {
  const field = h("input", { type: "password", autocomplete: "current-password", required: true, "aria-label": say("password"), placeholder: say("password") });
  const outcome = h("p", { role: "alert", class: "small" });
  const submit = async (submitted) => {
    submitted.preventDefault();
    outcome.textContent = "";
    try {
      take(await send("POST", "/api/editor", { password: field.value }));
      dialog.close();
    } catch (error) {
      outcome.textContent = why(error);
      field.select();
    }
  };
  const bar = h("div", { class: "bar" }, h("button", { class: "go" }, say("signIn")), button(say("cancel"), () => dialog.close()));
  const dialog = h("dialog", { "aria-label": say("signIn"), onclose: () => dialog.remove() },
    h("form", { onsubmit: submit }, h("h2", {}, say("signIn")), field, outcome, bar));
  event.target.closest("[role=tabpanel]").append(dialog);
  dialog.showModal();
}

// Asks a person; true where they press the button of that word.
export function confirmed(question, word) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { role: "alertdialog", "aria-label": question, onclose: () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    } }, h("p", {}, question), h("div", { class: "bar" },
      button(say("cancel"), () => dialog.close(), { autofocus: true }),
      button(word, () => dialog.close("yes"), { class: "go" })));
    document.querySelector("[role=tabpanel]:not(.away)").append(dialog);
    dialog.showModal();
  });
}
