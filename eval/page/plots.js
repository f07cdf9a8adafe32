// The plots of a run, drawn from its numbers.
import { h, svg } from "../dom.js";
import { add, say } from "../words.js";
import { head, percent } from "./format.js";

add({
  zh: {
    riskTitle: "答得越多，错得多少", riskX: "作答的问题占全部问题，把握大的在前", riskY: "作答里错的",
    riskIs: (half, all) => `把握最大的一半作答里错 ${half}，全部作答里错 ${all}。`, noAnswer: "没有作答的问题。",
    kindTitle: "各类答对", kind: "类别", questionsAre: "题数", rightShare: "答对",
  },
  en: {
    riskTitle: "Wrong, the more is answered", riskX: "share of questions answered, the surest first", riskY: "answers wrong",
    riskIs: (half, all) => `Of the most confident half of the answers ${half} are wrong, of all ${all}.`, noAnswer: "No question was answered.",
    kindTitle: "Right by kind", kind: "Kind", questionsAre: "n", rightShare: "Right",
  },
});

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 220, 62, 12, 14, 44];

// `curve`: [share of the questions answered, share of those answers wrong] of each point; none where all were refused.
export function riskPlot(curve) {
  if (!curve.length) return h("figure", {}, h("figcaption", {}, h("h3", {}, say("riskTitle")), h("p", { class: "small" }, say("noAnswer"))));
  const top = Math.max(0.05, Math.ceil(20 * Math.max(...curve.map(([, risk]) => risk))) / 20);
  const x = (share) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (risk) => HEIGHT - BOTTOM - (risk / top) * (HEIGHT - TOP - BOTTOM);
  const grid = [0, top / 2, top].flatMap((risk) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(risk), y2: y(risk) }),
    svg("text", { x: LEFT - 6, y: y(risk) + 4, "text-anchor": "end" }, `${+(100 * risk).toFixed(1)}%`),
  ]);
  const shares = [0, 0.5, 1].map((share) => svg("text", { x: x(share), y: HEIGHT - BOTTOM + 16, "text-anchor": share === 1 ? "end" : "middle" }, `${100 * share}%`));
  const points = curve.map(([share, risk]) => `${x(share).toFixed(1)},${y(risk).toFixed(1)}`).join(" ");
  const middle = curve[Math.floor((curve.length - 1) / 2)][1];
  const words = say("riskIs", percent(middle), percent(curve.at(-1)[1]));
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words }, grid, shares,
    svg("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, say("riskX")),
    svg("text", { x: 12, y: (HEIGHT - BOTTOM) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(HEIGHT - BOTTOM) / 2})` }, say("riskY")),
    svg("polyline", { class: "curve", points }));
  return h("figure", {}, h("figcaption", {}, h("h3", {}, say("riskTitle")), h("p", { class: "small" }, words)), drawing);
}

// `kinds`: kind → [questions, share right].
export function kindPlot(kinds) {
  const rows = Object.entries(kinds).map(([kind, [count, share]]) => h("tr", {}, h("th", { scope: "row", class: "kind" }, kind), h("td", { class: "number" }, String(count)),
    h("td", { class: "number" }, h("span", { class: "share-bar", style: `--share: ${share}` }), h("span", { class: "share-number" }, percent(share)))));
  return h("figure", {}, h("figcaption", {}, h("h3", {}, say("kindTitle"))), h("table", {}, head("kind", "questionsAre", "rightShare"), h("tbody", {}, rows)));
}
