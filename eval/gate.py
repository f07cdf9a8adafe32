"""What a new index is held to before it is published: the golden questions that the published one is asked as well."""

from collections.abc import Mapping
from functools import cache

from bot.answer import Answerer
from bot.config import BotConfig
from bot.head import load_head
from eval.cases import Case, read_cases
from eval.config import golden_files
from indexer.embed import Encoder, open_encoder
from indexer.store import Index


def hold(candidate: Index, published: Index) -> list[str]:
    """The questions that the candidate gets wrong and the published index right, if they are more than noise.

    Asked are the golden cases whose quotes the published content holds. A quote that the new content has lost counts
    by its `must` strings, so a reworded passage passes and a lost one does not.
    """
    if candidate.manifest.fingerprint != published.manifest.fingerprint:
        return []  # the published one cannot be asked with the new encoder
    found = [read_cases(path, published.documents, skip_unfound=True) for path in golden_files()]
    cases = {case.id: case for inside in found if any(case.answerable for case in inside) for case in inside}
    if not cases:
        return []
    from eval.compare import difference  # brings SciPy and scikit-learn, 3 s; most knowledge bases have no golden set

    encoder = open_encoder(candidate.manifest.encoder)
    encoder.encode_query = cache(encoder.encode_query)  # type: ignore[method-assign]  # both are asked the same
    before, after = _right(published, encoder, cases), _right(candidate, encoder, cases)
    right = difference("right", [(key, before[key], after[key]) for key in cases])
    if not right.regressed:
        return []
    return [
        f"标准问题答对 golden questions right {right.before:.1%} → {right.after:.1%} (p={right.p_value:.3f})",
        *(f"{key}: {cases[key].question}" for key in right.lost),
    ]


def _right(index: Index, encoder: Encoder, cases: Mapping[str, Case]) -> dict[str, float]:
    from eval.run import is_right

    bot = Answerer(index, encoder, BotConfig(), load_head())
    return {key: float(is_right(case, bot.ask(case.question, case.history))) for key, case in cases.items()}
