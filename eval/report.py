"""One self-contained HTML page about a run: headline numbers, plots, and every question with why it failed."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined

from eval.run import MEASURES, Result, by_kind, by_model, summary

_LABELS = {
    "right": "答对（或正确拒答） Right",
    "hit_at_1": "hit@1",
    "hit_at_5": "hit@5",
    "recall_at_5": "recall@5",
    "mrr": "MRR@10",
    "ndcg": "nDCG@10",
    "gold_first": "首条引文即原文 Gold cited first",
    "gold_cited": "原文被引用 Gold cited (recall)",
    "precision": "引文准确率 Citation precision",
    "must": "必含内容 Must held",
    "must_first": "首条引文含必含内容 Must in the first citation",
    "answered": "应答尽答 Answerable answered",
    "refused_rightly": "该拒则拒 Unanswerable refused",
    "supported": "有依据的句子 Sentences supported",
}

_KEYS = ((True, "有答案 answerable", "#1f77b4"), (False, "没有答案 unanswerable", "#ff7f0e"))

# Autoescaped: questions, answers and documents are hostile text.
_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>嘉问评测 Jiawen evaluation</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.6 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 40rem) { th, td { padding: .3rem .2rem; overflow-wrap: anywhere; } td.number { white-space: normal; } }
figure { display: inline-block; margin: 0 1rem 1rem 0; max-width: 30rem; color: #111; background: #fff; } figure svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { figure { filter: invert(.93) hue-rotate(180deg); } }
figcaption { padding: .5rem; font-size: .85rem; } figcaption b { display: block; } .key::before { content: "■ "; color: var(--key); }
.wrong { border-left: 4px solid #c33; } .right { border-left: 4px solid #3a3; }
details { padding: .3rem .8rem; margin: .3rem 0; background: #8881; overflow-wrap: anywhere; } summary { cursor: pointer; }
.about { opacity: .75; font-size: .85rem; } mark { background: #ffe27a; color: #111; }
#filters { position: sticky; top: 0; background: Canvas; padding: .5rem 0; display: flex; gap: .6rem; flex-wrap: wrap; }
</style></head><body>
<h1>嘉问评测 Jiawen evaluation</h1>
<p class="about">{{ made_with.cases }} · 索引 index {{ made_with.index_version }} · {{ made_with.encoder }} · 提交 commit {{ made_with.commit or "–" }} · {{ made_with.at }}</p>
{% if wrote %}<p>{{ wrote }}</p>{% endif %}

<table><thead><tr><th>指标 Measure</th><th>值 Value</th><th>95 % 区间 interval</th><th>问题数 Questions</th></tr></thead><tbody>
{% for label, row in rows %}
<tr><td>{{ label }}</td><td class="number">{{ "%.3f"|format(row.value) }}</td><td class="number">{{ "%.3f – %.3f"|format(row.low, row.high) }}</td><td class="number">{{ row.questions }}</td></tr>
{% endfor %}
{% for label, value in singles %}
<tr><td>{{ label }}</td><td class="number">{{ value }}</td><td></td><td></td></tr>
{% endfor %}
</tbody></table>
<h2>图 Plots</h2>
<figure><figcaption><b>风险与覆盖 Risk and coverage</b>横轴：作答的问题所占比例 share of questions answered<br>纵轴：其中答错的比例 share of those answers wrong</figcaption>{{ risk|safe }}</figure>
<figure><figcaption><b>把握 Confidence</b>横轴：把握 confidence；纵轴：问题数 questions<br>{% for label, colour in keys %}<span class="key" style="--key: {{ colour }}">{{ label }}</span> {% endfor %}</figcaption>{{ confidence|safe }}</figure>
<h2>类别 Kinds</h2>
<table><thead><tr><th>类别 Kind</th><th>问题数 Questions</th><th>答对 Right</th></tr></thead><tbody>
{% for kind, (count, share) in kinds.items() %}
<tr><td>{{ kind }}</td><td class="number">{{ count }}</td><td class="number">{{ "%.3f"|format(share) }}</td></tr>
{% endfor %}
</tbody></table>
<h2>问题 Questions</h2>
<div id="filters">
<label>结果 Outcome <select id="outcome"><option value="">全部 all</option><option value="wrong">错 wrong</option><option value="right">对 right</option></select></label>
<label>类别 Kind <select id="kind"><option value="">全部 all</option>{% for kind in kinds %}<option>{{ kind }}</option>{% endfor %}</select></label>
<label>包含 Contains <input id="words" type="search"></label><span id="shown" aria-live="polite"></span>
</div>
{% for one in results %}
<details class="case {{ "right" if one.right else "wrong" }}" data-kind="{{ one.kind }}">
<summary>{{ one.question }} <span class="about">{{ one.id }} · {{ one.verdict }} · {{ "%.2f"|format(one.confidence) }}{% if one.failure %} · {{ one.failure }}{% endif %}</span></summary>
{% for question, answer in one.history %}
<p class="about"><b>此前 Before</b> {{ question }}<br>{{ answer }}</p>
{% endfor %}
<p><b>回答 Answer</b> {{ one.answer }}</p>
{% if one.expected %}<p><b>原文 Gold</b>{% for quote in one.expected %} <mark>{{ quote }}</mark>{% endfor %}</p>{% else %}<p><b>应当拒答 A refusal is right</b></p>{% endif %}
{% if one.required %}<p><b>必含 Must hold</b> {{ one.required|join(" · ") }}</p>{% endif %}
<p class="about">{{ one.answerer }}{% if one.note %} · {{ one.note }}{% endif %} · 检索 retrieved: {{ one.retrieved|join(" · ") }} · {{ "%.1f"|format(one.milliseconds) }} ms</p>
</details>
{% endfor %}
<script>
const cases = [...document.querySelectorAll(".case")], $ = (id) => document.getElementById(id);
function filter() {
  let shown = 0;
  for (const one of cases) {
    const keep = (!$("outcome").value || one.classList.contains($("outcome").value))
      && (!$("kind").value || one.dataset.kind === $("kind").value) && one.textContent.toLowerCase().includes($("words").value.toLowerCase());
    one.hidden = !keep;
    shown += keep;
  }
  $("shown").textContent = `${shown} / ${cases.length}`;
}
for (const id of ["outcome", "kind", "words"]) $(id).addEventListener("input", filter);
filter();
</script>
</body></html>
""")  # noqa: E501


def report(results: Sequence[Result], made_with: Mapping[str, Any]) -> str:
    """The page, with no reference to any other file or host."""
    numbers = summary(results)
    rows = [(_LABELS["right"], numbers["right"])]
    rows += [(_LABELS[name], numbers["measures"][name]) for name in MEASURES if name in numbers["measures"]]
    singles = [
        ("AUROC of confidence", _number(numbers["auroc"])),
        (
            "误答率（误拒 5 % 时） False answers at 5 % false refusals",
            _number(numbers["false_answers_at_5_percent_false_refusals"]),
        ),
        ("每个回答的句数 Sentences per answer", _number(numbers["sentences_per_answer"])),
        ("耗时 Milliseconds p50 / p95", "{p50:.1f} / {p95:.1f}".format(**numbers["milliseconds"])),
    ]
    return _TEMPLATE.render(
        made_with=made_with,
        wrote=by_model(results, made_with),
        rows=rows,
        singles=singles,
        risk=_risk_plot(numbers["risk_coverage"]),
        confidence=_confidence_plot(results),
        keys=[(label, colour) for _, label, colour in _KEYS],
        kinds=by_kind(results),
        results=sorted(results, key=lambda one: one.right),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _svg(figure: Any) -> str:
    """Without words, which are beside it: not every machine has a Chinese font for matplotlib."""
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue().partition("<svg")[1] + target.getvalue().partition("<svg")[2]


def _risk_plot(curve: Sequence[Sequence[float]]) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([point[0] for point in curve], [point[1] for point in curve])
    axes.set(xlim=(0, 1), ylim=(0, None))
    return _svg(figure)


def _confidence_plot(results: Sequence[Result]) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.2), layout="constrained")
    axes = figure.subplots()
    for answerable, _, colour in _KEYS:
        values = [one.confidence for one in results if one.answerable is answerable]
        axes.hist(values, bins=20, range=(0, 1), alpha=0.6, color=colour)
    return _svg(figure)
