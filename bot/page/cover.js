// What covers the page on a narrow screen, the reader or a document: Back closes it, and nothing under it can be reached.

const narrow = matchMedia("(max-width: 60rem)"); // the same number is in page.css and sources.css
const closers = new Map(); // element → what hides it
let uppermost = null; // the element that covers the page
let leaving = false; // history.back() was called and has not come yet
let last = null; // element that had the focus last

// `close` hides the element; `arrange` is to be called whenever it was shown or hidden.
export function covers(element, close) {
  closers.set(element, close);
  arrange();
}

function covering() {
  return narrow.matches && [...closers.keys()].find((element) => element.checkVisibility());
}

// What covers the page has an entry of the browser's history for as long as it does.
export function arrange() {
  const before = uppermost;
  uppermost = covering();
  for (const one of document.querySelectorAll("#masthead, #tabs, .talk, .shelf")) one.inert = Boolean(uppermost);
  const entered = Boolean(history.state?.covered);
  if (leaving || entered === Boolean(uppermost)) return;
  if (!uppermost) {
    leaving = true;
    history.back();
  } else if (uppermost !== before) history.pushState({ ...history.state, covered: true }, "");
}

document.addEventListener("focusin", (event) => (last = event.target));
narrow.addEventListener("change", arrange);
document.addEventListener("jiawen:part", arrange);
addEventListener("popstate", () => {
  const element = covering();
  // Browsers take the focus away for the fragment of the address: Firefox before this, Chromium behind it.
  const lost = leaving && document.activeElement === document.body ? last : null;
  const came = !history.state?.covered; // else it is Forward, to what has been closed
  if (came && element && !leaving) closers.get(element)();
  if (came) leaving = false;
  uppermost = null;
  arrange();
  const focused = lost || document.activeElement;
  setTimeout(() => focused.focus({ preventScroll: true }));
});
