// What is asked of the server. A message of its own is thrown as a Refused; a lost connection as a TypeError.

import { language } from "./words.js";

export class Refused extends Error {}

async function fetched(path, body, signal) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
  const response = await fetch(path, body ? options : { signal });
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    throw new Refused(said.error || `${response.status} ${response.statusText}`);
  }
  return response;
}

export async function start() {
  return (await fetched("/api/start")).json();
}

// The lines of an answer as they come; ends early where `signal` is aborted.
export async function* ask(question, history, signal) {
  const response = await fetched("/api/ask/stream", { question, history }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

export async function share(given) {
  return (await (await fetched("/api/share", given)).json()).id;
}

export async function shared(id) {
  return (await fetched(`/api/shared/${encodeURIComponent(id)}`)).json();
}

export async function feedback(given, good, reason) {
  await fetched("/api/feedback", { ...given, good, reason });
}

export async function exported(answers, form) {
  return (await fetched("/api/export", { answers, form, language: language() })).blob();
}

// The <main> of a document's page; the server has escaped every text in it.
export async function source(address) {
  const page = new DOMParser().parseFromString(await (await fetched(address)).text(), "text/html");
  return page.querySelector("main");
}
