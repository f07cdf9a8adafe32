"""The command line as a script outside this project uses it: real processes, JSON, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
JIAWEN = Path(sys.executable).parent / "jiawen"


def jiawen(
    *arguments: object, cwd: Path = ROOT, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [JIAWEN, *map(str, arguments)],
        cwd=cwd, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip


def jiawen_in_bash(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"'{JIAWEN}' {command}"], cwd=cwd, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def one_line_error(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("Error: ")
    return line


@pytest.mark.parametrize("command", ["search", "explain"])
def test_what_asks_no_model_needs_no_key(article_index: Path, command: str) -> None:
    done = jiawen(command, "--index", article_index, "--json", "基地", JIAWEN_LLM="openai:m", OPENAI_API_KEY="")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("named", "kept"), [("openai:m", ""), ("", "openai:m")])
def test_ask_takes_its_model_from_llm_rather_than_from_the_setting(article_index: Path, named: str, kept: str) -> None:
    asked = ["ask", "--index", article_index, "--llm", named, "专职讲解员有几名？"]
    done = jiawen(*asked, JIAWEN_LLM=kept, OPENAI_API_KEY="")
    if named:
        assert "the model openai:m has no key" in one_line_error(done)
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_ask_answers_and_cites(article_index: Path) -> None:
    done = jiawen("ask", "--index", article_index, "--json", "嘉峪关长城博物馆被命名为什么基地？")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert set(answer) == {
        "question", "answer", "verdict", "confidence", "sentences", "citations", "answerer", "index_version", "timings_ms", "nearest",
        "searched", "note",
    }  # fmt: skip
    assert answer["verdict"] == "grounded"
    assert answer["answerer"] == "extractive"
    (citation,) = answer["citations"]
    assert set(citation) == {
        "number", "doc_id", "title", "headings", "start", "end", "quote", "url", "digest", "page", "published",
    }  # fmt: skip
    assert "甘肃省国家安全教育基地" in citation["quote"]
    assert answer["answer"] == citation["quote"] + "[1]"
    assert answer["sentences"] == [
        {
            "text": citation["quote"],
            "citations": [1],
            "supported": True,
            "unresolved": [],
            "reason": "",
            "mended": False,
            "before": "",
        }
    ]
    assert set(answer["timings_ms"]) == {"retrieve", "answer", "total"}
    assert citation["headings"][-1] == "安不忘危 汇聚维护国家安全合力"


def test_ask_refuses_with_the_nearest_passages(article_index: Path) -> None:
    answer = json.loads(jiawen("ask", "--index", article_index, "--json", "番茄炒蛋怎么做？").stdout)
    assert answer["verdict"] == "refused"
    assert answer["answer"] == "知识库中没有找到答案：文中没有提到“番茄”。"
    assert answer["sentences"] == answer["citations"] == []
    assert [passage["rank"] for passage in answer["nearest"]] == [1, 2, 3]
    for passage in answer["nearest"]:
        sentence = passage["sentence"]
        quote = passage["text"][sentence["start"] - passage["start"] : sentence["end"] - passage["start"]]
        assert sentence["quote"] == quote
        assert quote.strip()


def test_for_people(article_index: Path) -> None:
    done = jiawen("ask", "--index", article_index, "专职讲解员有几名？")
    assert "讲解员4名" in done.stdout
    assert "[1] 筑牢国家安全防线" in done.stdout
    done = jiawen("search", "--index", article_index, "-k", "2", "专职讲解员有几名？")
    assert len(done.stdout.splitlines()) == 2
    done = jiawen("ask", "--index", article_index, "番茄炒蛋怎么做？")
    assert done.stdout.startswith("知识库中没有找到答案：文中没有提到“番茄”。\n  · ")


def test_a_terminal_shows_rows_without_their_bars_under_the_names_of_the_columns(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    table = "| 项目 | 收费 |\n|---|---|\n| 公证书副本 | 每份20元 |\n| 遗嘱保管 | 每年300元 |\n"
    (tmp_path / "kb/fees.md").write_text(f"# 公证处收费表\n\n{table}", encoding="utf-8")
    jiawen("index", "--kb", tmp_path / "kb", "--index", tmp_path / "index")
    done = jiawen("ask", "--index", tmp_path / "index", "公证书副本每份收费多少元？")
    assert done.stdout.splitlines()[:2] == ["项目 · 收费[2]", "公证书副本 · 每份20元[1]"]


def test_search(article_index: Path) -> None:
    done = jiawen("search", "--index", article_index, "--json", "-k", "3", "长城博物馆")
    result = json.loads(done.stdout)
    assert [hit["rank"] for hit in result["hits"]] == [1, 2, 3]
    assert set(result["hits"][0]) == {
        "rank", "score", "doc_id", "chunk_id", "start", "end", "text", "dense_rank", "lexical_rank",
    }  # fmt: skip
    assert "长城博物馆" in result["hits"][0]["text"]
    assert result["hits"][0]["chunk_id"] == "{doc_id}#{start}-{end}".format(**result["hits"][0])
    scores = [hit["score"] for hit in result["hits"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("command", ["ask", "search"])
def test_batch_answers_line_by_line_in_order(article_index: Path, command: str, tmp_path: Path) -> None:
    questions = ["专职讲解员有几名？", "", "番茄炒蛋怎么做？\r"]
    stdin = "\n".join(questions) + "\n"
    done = jiawen(command, "--index", article_index, "--json", "--batch", "-", stdin=stdin)
    assert done.returncode == 1
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["question"] for row in rows] == ["专职讲解员有几名？", "", "番茄炒蛋怎么做？"]
    assert "the question is empty" in rows[1]["error"]
    assert "error" not in rows[2]
    (tmp_path / "questions.txt").write_text("专职讲解员有几名？\n", encoding="utf-8")
    done = jiawen(command, "--index", article_index, "--batch", tmp_path / "questions.txt")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "the question is empty"),
        ("  ", "the question is empty"),
        ("安" * 40_000, "at most 500 are read: shorten it"),
    ],
)
def test_bad_questions(article_index: Path, question: str, message: str) -> None:
    assert message in one_line_error(jiawen("ask", "--index", article_index, "--json", question))


def test_a_question_that_was_put_right_says_as_what_it_was_looked_for(article_index: Path) -> None:
    said = jiawen("ask", "--index", article_index, "龙张月同志是什么植务？").stdout
    assert "  按这个问题查找 searched for: 龙章月同志是什么职务？\n" in said
    assert "searched for" not in jiawen("ask", "--index", article_index, "龙章月同志是什么职务？").stdout


def test_a_question_of_100000_characters(article_index: Path) -> None:
    done = jiawen("ask", "--index", article_index, "--batch", "-", stdin="安" * 100_000)
    assert done.returncode == 1
    row = json.loads(done.stdout)
    assert "has 100000 characters" in row["error"]
    assert len(row["question"]) == 200


def test_wrong_usage(article_index: Path) -> None:
    assert "give one QUESTION, or --batch FILE" in one_line_error(jiawen("ask", "--index", article_index), 2)
    assert "QUESTION" in one_line_error(jiawen("ask", "--index", article_index, "--batch", "-", "问", stdin=""), 2)
    both = jiawen("ask", "--index", article_index, "--batch", "-", "问", stdin="")
    assert "--batch FILE, not both" in one_line_error(both, 2)
    assert "empty: 127.0.0.1" in one_line_error(jiawen("chat", "--index", article_index, "--host", " "), 2)
    assert "No such command" in one_line_error(jiawen("forget"), 2)
    assert "No such option" in one_line_error(jiawen("ask", "--loud", "问"), 2)
    done = jiawen("ask", "--index", article_index, "--batch", ROOT / "no-such-file")
    assert "no-such-file" in one_line_error(done, 2)


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_line_that_is_not_utf8_costs_no_other(article_index: Path, command: str, tmp_path: Path) -> None:
    lines = ["专职讲解员有几名？".encode(), "嘉峪关".encode("gb18030"), "番茄炒蛋怎么做？".encode()]
    (tmp_path / "q.txt").write_bytes(b"\n".join(lines))
    done = jiawen(command, "--index", article_index, "--batch", tmp_path / "q.txt")
    first, bad, last = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert (first["question"], last["question"]) == ("专职讲解员有几名？", "番茄炒蛋怎么做？")
    assert set(bad) == {"question", "error"}
    assert "send it as UTF-8" in bad["error"]


@pytest.mark.parametrize("command", ["ask", "search"])
def test_no_index_yet(tmp_path: Path, command: str) -> None:
    assert "no index in .jiawen yet: run `jiawen index`" in one_line_error(jiawen(command, "问", cwd=tmp_path))
    assert "give one QUESTION, or --batch FILE" in one_line_error(jiawen(command, cwd=tmp_path), 2)


@pytest.mark.parametrize(
    "command",
    ["ask 问 --index", "search 问 --index", "index --index", "index --kb", "index prune --index", "lint --kb", "eval draft --out o --kb"],
)  # fmt: skip
def test_a_folder_that_is_none(tmp_path: Path, command: str) -> None:
    (tmp_path / "q.txt").write_text("", encoding="utf-8")
    assert "q.txt is no folder: name one" in one_line_error(jiawen(*command.split(), "q.txt", cwd=tmp_path), 2)
    assert "the present one is `.`" in one_line_error(jiawen(*command.split(), "", cwd=tmp_path), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["q.txt"]


@pytest.mark.parametrize("command", ["index prune", "index rollback", "index rollback v", "index status", "index"])
def test_what_fails_for_want_of_a_folder_makes_none(tmp_path: Path, command: str) -> None:
    one_line_error(jiawen(*command.split(), "--index", "new", cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_broken_index(article_index: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(article_index, tmp_path / "index")
    (vectors,) = (tmp_path / "index").glob("versions/*/vectors.faiss")
    vectors.write_bytes(vectors.read_bytes()[:-4])
    line = one_line_error(jiawen("ask", "--index", tmp_path / "index", "问"))
    assert "vectors.faiss (altered)): run `jiawen index`" in line


def test_an_index_with_another_encoder(article_index: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(article_index, tmp_path / "index")
    (path,) = (tmp_path / "index").glob("versions/*/manifest.json")
    path.write_text(path.read_text("utf-8").replace("multilingual-e5-small/", "older/"), encoding="utf-8")
    assert "run `jiawen index`" in one_line_error(jiawen("ask", "--index", tmp_path / "index", "问"))


def test_index_prints_the_report(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/甲.txt").write_bytes("嘉峪关市有一座长城博物馆。它建于一九八九年。".encode("gb18030"))
    done = jiawen("index", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report | {"version": "", "seconds": 0} == {
        "version": "", "documents": 1, "chunks": 1, "embedded": 1, "reused": 0, "removed": 0, "published": True, "seconds": 0,
        "skipped": [], "regressed": [], "held": False,
    }  # fmt: skip
    answer = json.loads(jiawen("ask", "--json", "嘉峪关市有一座什么博物馆？", cwd=tmp_path).stdout)
    assert "嘉峪关市有一座长城博物馆。" in answer["answer"]
    done = jiawen("index", cwd=tmp_path)
    assert done.stdout.startswith(f"已发布 {report['version']}")


def test_bad_content(tmp_path: Path) -> None:
    assert "no folder kb" in one_line_error(jiawen("index", cwd=tmp_path))
    (tmp_path / "kb").mkdir()
    assert "kb holds no article" in one_line_error(jiawen("index", cwd=tmp_path))
    (tmp_path / "kb/a.md").write_bytes(bytes(range(256)))
    assert "a.md is not text in a known encoding: save it as UTF-8" in one_line_error(jiawen("index", cwd=tmp_path))


def test_an_encoder_that_is_not_here_is_not_looked_for_on_the_internet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/a.md").write_text("甲。", encoding="utf-8")
    done = jiawen("lint", cwd=tmp_path, JIAWEN_ENCODER="nope/model")
    assert "set HF_HUB_OFFLINE=0 to download the one of that name" in one_line_error(done)
    assert done.stderr.count("\n") == 1


def test_what_ends_with_1_says_on_stderr_what_to_do(tmp_path: Path) -> None:
    def error(*command: str) -> str:
        done = jiawen(*command, cwd=tmp_path)
        assert done.stderr.count("\n") == 1
        return one_line_error(done)

    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/a.md").write_text("甲。", encoding="utf-8")
    (tmp_path / "kb/b.md").write_bytes(bytes(range(256)))
    (tmp_path / "q.txt").write_text("甲？\n\n", encoding="utf-8")
    jiawen("index", cwd=tmp_path)
    assert "kb that were skipped: 1; mend them as said, run `jiawen index`" in error("index", "status")
    assert "problems in kb: 2; correct them as listed" in error("lint", "--json")
    assert "cannot be asked: 1; correct them" in error("search", "--batch", "q.txt")
    (vectors,) = tmp_path.glob(".jiawen/versions/*/vectors.faiss")
    vectors.write_bytes(b"")
    assert f"the published version {vectors.parent.name} is damaged: run `jiawen index`" in error("index", "verify")
    jiawen("index", cwd=tmp_path)
    assert f"earlier versions are damaged: {vectors.parent.name}; roll back to another" in error("index", "verify")


def test_bytes_that_are_no_text_as_a_question(article_index: Path) -> None:
    done = subprocess.run([JIAWEN, "ask", "--index", article_index, b"\xff\xfe"], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"send it as UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_batch_from_windows_notepad(article_index: Path, tmp_path: Path) -> None:
    (tmp_path / "q.txt").write_text("专职讲解员有几名？\r\n", encoding="utf-8-sig", newline="")
    row = json.loads(jiawen("ask", "--index", article_index, "--batch", tmp_path / "q.txt").stdout)
    assert row["question"] == "专职讲解员有几名？"


def test_json_is_utf8_whatever_the_locale(article_index: Path) -> None:
    done = jiawen("ask", "--index", article_index, "--json", "😀专职讲解员有几名？", PYTHONIOENCODING="gbk")
    assert json.loads(done.stdout)["question"] == "😀专职讲解员有几名？"


def test_a_full_disk_is_one_line(article_index: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [JIAWEN, "ask", "--index", article_index, "问"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, encoding="utf-8")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


@pytest.mark.parametrize("command", ["ask 问", "ask --json 问", "search 问", "index status", "index --json", "lint"])
def test_a_closed_output_is_one_line(tmp_path: Path, command: str) -> None:
    done = jiawen_in_bash(f"{command} >&-", tmp_path)
    assert "standard output is closed: connect it to a file or /dev/null" in one_line_error(done)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_input_holds_no_question(article_index: Path) -> None:
    done = jiawen_in_bash(f"ask --index '{article_index}' --batch - <&-", ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_place_for_errors_an_index_is_built(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/a.md").write_text("甲。", encoding="utf-8")
    assert jiawen_in_bash("index 2>&-", tmp_path).returncode == 0


def test_a_document_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    title = 'title: "题\\n  [2] 假\\e[2J"'
    text = "长城博物馆的口号是\x9b2J安全第一，\u202e\u2028和平。"
    (tmp_path / "kb/a.md").write_text(f"---\n{title}\n---\n{text}", encoding="utf-8")
    assert jiawen("index", cwd=tmp_path).returncode == 0
    shown = text.replace("\u2028", " ").replace("\x9b", "\ufffd").replace("\u202e", "\ufffd")
    outputs = {
        name: jiawen(name, "长城博物馆的口号是什么？", cwd=tmp_path).stdout for name in ("ask", "search", "explain")
    }
    assert all(shown in output for output in outputs.values())
    assert outputs["ask"].split("\n") == [f"{shown}[1]", f"  [1] 题 [2] 假\ufffd[2J · a:0-{len(text)}", ""]
    assert (outputs["search"].count("\n"), outputs["explain"].count(shown)) == (1, 2)
    refused = jiawen("explain", "--chunk", "a\n\x1b[2J", "口号？", cwd=tmp_path)
    assert "no chunk a \ufffd[2J" in one_line_error(refused)


def test_a_reader_that_stops_early_sees_no_traceback(article_index: Path) -> None:
    done = jiawen_in_bash(f"search --index '{article_index}' -k 18 安全 | head -n 1", ROOT)
    assert "Traceback" not in done.stderr


def test_help_is_in_both_languages() -> None:
    done = jiawen("--help")
    assert done.returncode == 0
    assert {line.split()[0] for line in done.stdout.split("Commands:")[1].strip().splitlines()} >= {
        "ask",
        "chat",
        "index",
        "search",
    }
    for command in ("ask", "chat", "index", "search"):
        assert jiawen(command, "--help").returncode == 0
