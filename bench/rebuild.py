"""What a rebuild costs: `.venv/bin/python bench/rebuild.py drcd_test.json`, 1,000 documents of SQuAD-shaped data.

A full build against embedding the same sentences alone, in one run; then one edited paragraph, one deleted document and
a rollback, each checked by asking.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eval.cases import read_squad

JIAWEN = str(Path(sys.executable).parent / "jiawen")
DOCUMENTS = 1000
EMBEDDING = """
import sys
from pathlib import Path
from indexer.chunk import chunk_document, chunk_sentences
from indexer.config import IndexConfig
from indexer.embed import bulk_encoder, open_encoder
from indexer.read import read_folder
encoder = open_encoder(IndexConfig().encoder)
texts = list(dict.fromkeys(
    sentence.embedded_text
    for document in read_folder(Path(sys.argv[1])).documents
    for inside in chunk_sentences(
        document, chunk_document(document, IndexConfig()), encoder.count_tokens, encoder.max_tokens
    )
    for sentence in inside
))
import time
started = time.perf_counter()
quickest = bulk_encoder(encoder, sum(map(len, texts)))
for start in range(0, len(texts), 64):
    quickest.encode_passages(texts[start:start + 64])
print(len(texts), time.perf_counter() - started)
"""


def timed(*command: str) -> tuple[float, str]:
    """(seconds, standard output) of a process that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    """Builds, edits, deletes, rolls back; prints what each took."""
    documents = read_squad(Path(sys.argv[1]))[0][:DOCUMENTS]
    with tempfile.TemporaryDirectory() as folder:
        kb, index = Path(folder) / "kb", str(Path(folder) / "index")
        kb.mkdir()
        for number, document in enumerate(documents):
            (kb / f"{number:04}.txt").write_text(document.text, encoding="utf-8")
        build = (JIAWEN, "index", "--kb", str(kb), "--index", index, "--json")
        texts, alone = timed(sys.executable, "-c", EMBEDDING, str(kb))[1].split()
        full, report = timed(*build)
        chunks = json.loads(report)["chunks"]
        print(f"{len(documents)} documents, {chunks} passages, {texts} sentences")
        print(f"full build                      {full:8.1f} s")
        print(f"  embedding alone, model loaded {float(alone):8.1f} s   ratio {full / float(alone):.3f}")
        print(f"nothing changed                 {timed(*build)[0]:8.2f} s")

        edited = kb / "0500.txt"
        edited.write_text(edited.read_text(encoding="utf-8") + "\n\n青岚市图书馆每周二闭馆。\n", encoding="utf-8")
        partly, report = timed(*build)
        print(f"one paragraph edited            {partly:8.2f} s   share {partly / full:.2%}  {report.strip()}")
        ask = (JIAWEN, "ask", "--index", index, "--json", "青岚市图书馆周几闭馆？")
        assert "每周二闭馆" in json.loads(timed(*ask)[1])["answer"]
        edited.unlink()
        print(f"one document deleted            {timed(*build)[0]:8.2f} s")
        search = (JIAWEN, "search", "--index", index, "--json", "-k", "100", "青岚市图书馆周几闭馆？")
        assert "0500" not in [hit["doc_id"] for hit in json.loads(timed(*search)[1])["hits"]]
        print(f"rollback                        {timed(JIAWEN, 'index', 'rollback', '--index', index)[0]:8.2f} s")
        assert "每周二闭馆" in json.loads(timed(*ask)[1])["answer"]


if __name__ == "__main__":
    main()
