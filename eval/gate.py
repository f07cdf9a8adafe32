"""What a new index is held to before it is published: the golden questions that the published one is asked as well."""

import sys
from dataclasses import replace

from bot.answer import Answerer
from bot.config import BotConfig
from bot.head import load_head
from eval.cases import Case, CaseError, read_cases
from eval.config import golden_files
from indexer.embed import open_encoder
from indexer.store import Index


def hold(candidate: Index, published: Index) -> list[str] | None:
    """The questions that the candidate gets wrong and the published index right, if they are more than noise.

    None where none could be asked. Asked are the golden cases whose quotes the published content holds. A quote may
    stand elsewhere in the new content; one that is lost counts by its `must` strings, so a reworded passage passes and
    a lost one does not; as wrong where there are none.
    """
    if candidate.manifest.fingerprint != published.manifest.fingerprint:
        return None  # the published one cannot be asked with the new encoder
    cases, moved = _cases(published), _cases(candidate)
    if not cases:
        return None
    # Brings SciPy and scikit-learn, 3 s; most knowledge bases have no golden set.
    from tqdm import tqdm

    from eval.compare import difference
    from eval.run import judge

    encoder = open_encoder(candidate.manifest.encoder)
    old, new = (Answerer(index, encoder, BotConfig(), load_head()) for index in (published, candidate))
    pairs = []
    shown = tqdm(cases.items(), unit="问", desc="把关 Gate", disable=not sys.stderr.isatty(), leave=False)
    for key, case in shown:
        # Else whatever stands now where the quote stood would be right.
        lost = replace(case, gold=tuple(replace(gold, spans=()) for gold in case.gold))
        asked = [(case, old), (moved.get(key, lost), new)]
        before, after = (float(judge(one, bot.ask(one.question, one.history)).right) for one, bot in asked)
        pairs.append((key, before, after))
    right = difference("right", pairs)
    if not right.regressed:
        return []
    return [
        f"标准问题答对 golden questions right {right.before:.1%} → {right.after:.1%} (p={right.p_value:.3f})",
        *(f"{cases[key].id}: {cases[key].question}" for key in right.lost),
    ]


def _cases(index: Index) -> dict[str, Case]:
    """The golden cases whose quotes the content holds, by file and id; none of a file that is about other content."""
    try:
        found = {path: read_cases(path, index.documents, skip_unfound=True) for path in golden_files()}
    except CaseError as error:  # nobody named the file on the command line
        raise CaseError(f"JIAWEN_GOLDEN：{error.chinese}", f"JIAWEN_GOLDEN: {error.english}") from error
    return {
        f"{path} {case.id}": case
        for path, inside in found.items()
        if any(case.answerable for case in inside)
        for case in inside
    }
