// The masthead: language and theme, both remembered.
import { find } from "./dom.js";
import { follow, set, setting } from "./store.js";
import { choose, language, say, translate } from "./words.js";

const THEME = "jiawen.theme";

export function start(element) {
  const system = matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    const chosen = setting(THEME);
    return chosen ? chosen === "dark" : system.matches;
  }

  function show() {
    document.body.classList.toggle("dark", isDark()); // Gradio's own mark of the dark theme
    document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
    translate(element);
    find("theme").textContent = say(isDark() ? "light" : "dark");
    find("language").textContent = say("language");
    find("language").lang = language() === "zh" ? "en" : "zh";
  }

  find("theme").addEventListener("click", () => {
    set(THEME, isDark() ? "light" : "dark");
    show();
  });
  find("language").addEventListener("click", () => choose(language() === "zh" ? "en" : "zh"));
  system.addEventListener("change", show);
  document.addEventListener("jiawen:language", show);
  follow(THEME, show);
  show();
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--masthead", `${element.offsetHeight}px`);
  }).observe(element);
}
