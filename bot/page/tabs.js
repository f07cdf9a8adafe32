// The parts as tabs: the one shown is remembered in the address, the first needs no name there.
import { button, find } from "./dom.js";
import { add, say, translate } from "./words.js";

add({
  zh: { parts: "页面", part: { ask: "问答", sources: "资料", evaluate: "评测" } },
  en: { parts: "Parts", part: { ask: "Ask", sources: "Sources", evaluate: "Evaluate" } },
});

export function start(element) {
  const list = element.querySelector(".tabs");
  const names = Object.keys(say("part")).filter(find);
  const tabs = names.map((name) => button("", () => choose(name), { role: "tab", id: `${name}-tab`, "aria-controls": name }));
  list.replaceChildren(...tabs);

  function choose(name) {
    history.pushState(history.state, "", name === names[0] ? location.pathname + location.search : `#${name}`);
    show();
  }

  function show() {
    const chosen = names.includes(location.hash.slice(1)) ? location.hash.slice(1) : names[0];
    translate(element);
    names.forEach((name, at) => {
      tabs[at].textContent = say("part")[name];
      tabs[at].setAttribute("aria-selected", String(name === chosen));
      tabs[at].tabIndex = name === chosen ? 0 : -1;
      const panel = find(name);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `${name}-tab`);
      panel.classList.toggle("away", name !== chosen);
    });
    document.dispatchEvent(new CustomEvent("jiawen:part", { detail: chosen }));
  }

  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = (tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length;
    choose(names[at]);
    tabs[at].focus();
  });
  addEventListener("popstate", show);
  document.addEventListener("jiawen:language", show);
  show();
}
