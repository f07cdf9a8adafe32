// The two dialogs: the conversations of this browser, and the export of this one.
import { button, download, find, h } from "./dom.js";
import { confirmed } from "./editor.js";
import * as server from "./server.js";
import * as store from "./store.js";
import { say } from "./words.js";

// `page` has what they need of the conversation: given, isOpen, open, startNew, announce, warn.
export function start(root, page) {
  find("open-history").addEventListener("click", () => {
    drawHistory(page);
    find("history").showModal();
  });
  find("clear").addEventListener("click", async () => {
    if (!(await confirmed(say("clearWhat"), say("clear")))) return;
    store.clear();
    find("history").close();
    page.startNew();
  });
  find("open-export").addEventListener("click", () => find("export").showModal());
  for (const one of root.querySelectorAll("[data-close]")) {
    one.addEventListener("click", () => one.closest("dialog").close());
  }
  for (const one of root.querySelectorAll("[data-form]")) {
    one.addEventListener("click", () => saveAs(one.dataset.form, page));
  }
}

function drawHistory(page) {
  const items = store.conversations().map((one, at) => {
    const choose = () => {
      const now = store.kept(one.id) ?? one; // another tab may have gone on with it since the list was drawn
      find("history").close();
      store.keep(now); // the newest is the one that is open
      page.open(now);
    };
    const remove = () => {
      store.forget(one.id);
      if (page.isOpen(one.id)) page.startNew(); // else its next question would bring it back
      drawHistory(page);
      const rows = find("conversations").children;
      const next = rows[Math.min(at, rows.length - 1)].querySelector("button"); // the one that was pressed is gone
      (next ?? find("history").querySelector("[data-close]")).focus();
    };
    const title = one.turns[0]?.question || "";
    const label = { "aria-label": `${say("remove")}: ${title}` };
    return h("li", {}, button(title, choose), button(say("remove"), remove, label));
  });
  find("conversations").replaceChildren(...(items.length ? items : [h("li", {}, say("noHistory"))]));
  find("clear").disabled = !items.length;
}

async function saveAs(form, page) {
  find("export").close();
  try {
    const day = new Date().toISOString().slice(0, 10);
    download(await server.exported(page.given(), form), `jiawen-${day}.${form === "html" ? "html" : "md"}`);
    page.announce(say("saved"));
  } catch (error) {
    page.warn(error);
  }
}
