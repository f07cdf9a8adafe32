"""What a new version is held to, in a folder whose vectors can be worked out by hand."""

import json
import os
from pathlib import Path

from eval.gate import hold
from indexer.build import BuildOptions
from tests.conftest import plain_head


def test_files_that_share_ids_lose_no_question(built, kb: Path, tmp_path: Path, counting, monkeypatch) -> None:
    golden = []
    for name, letters in (("one.jsonl", "甲乙丙"), ("two.jsonl", "丁戊己")):
        rows = [
            {"id": number, "question": letter, "kind": "k", "gold": [{"doc_id": "a", "quote": letter * 3}]}
            for number, letter in enumerate(letters, 1)
        ]
        golden.append(tmp_path / name)
        golden[-1].write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    monkeypatch.setenv("JIAWEN_GOLDEN", os.pathsep.join(map(str, golden)))
    monkeypatch.setattr("eval.gate.open_encoder", lambda name: counting)
    monkeypatch.setattr("eval.gate.load_head", plain_head)
    (kb / "a.md").write_text("甲甲甲。乙乙乙。丙丙丙。丁丁丁。戊戊戊。己己己。", encoding="utf-8")
    built()
    (kb / "a.md").unlink()
    (kb / "b.md").write_text("庚庚庚。", encoding="utf-8")
    report = built(BuildOptions(gates=[hold]))
    assert report.regressed[0].startswith("标准问题答对 golden questions right 100.0% → 0.0%")
    assert report.regressed[1:] == ("1: 甲", "2: 乙", "3: 丙", "1: 丁", "2: 戊", "3: 己")
