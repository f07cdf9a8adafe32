// What stands where no conversation is yet: how to begin, or how to build an index.
import { button, copy, h } from "./dom.js";
import { languageOf, say } from "./words.js";

export function drawWelcome(starters, does) {
  const items = starters.map((one) => h("li", {}, button(one, () => does.ask(one), { lang: languageOf(one) })));
  const offered = items.length && h("div", { class: "follow" }, h("p", { class: "small" }, say("try")), h("ul", {}, items));
  return h("div", { class: "welcome" }, h("h2", {}, say("welcome")), h("p", {}, say("welcomeMore")), offered);
}

export function drawMissing(index) {
  const command = `.venv/bin/jiawen index --index ${index}`;
  return h("div", { class: "welcome" },
    h("h2", {}, say("missing")), h("p", {}, say("missingMore")), h("pre", {}, h("code", {}, command)),
    button(say("copy"), () => copy(command)), h("p", {}, say("missingThen")));
}
