# Two commands matter: `make chat` and `make test`. Both install what they need first.
PYTHON ?= python3
# Where pip finds PyTorch. On ordinary Linux set TORCH_INDEX=https://download.pytorch.org/whl/cpu to leave out CUDA (GBs).
TORCH_INDEX ?=
HOST = 127.0.0.1
PORT ?= 7860
ARGS ?=

RUN := .venv/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check
UV := $(RUN) uv pip install --python .venv/bin/python --constraint constraints.txt

.PHONY: chat test lint install clean
.DELETE_ON_ERROR:

chat: .venv/core.stamp
	@echo "== 检查索引 Checking the index"
	@.venv/bin/jiawen index --automatic || test -e .jiawen/CURRENT
	@echo "== 启动网页，约 10 秒 Starting the page, about 10 s"
	@exec .venv/bin/jiawen chat --host $(HOST) --port $(PORT)

test: .venv/test.stamp
	@echo "== 运行测试 Running the tests"
	@$(RUN) pytest $(ARGS)

lint: .venv/test.stamp
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

install: .venv/core.stamp
	@echo "== 已安装，命令在 .venv/bin/jiawen | installed, the command is .venv/bin/jiawen"

.venv/core.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "需要 Python 3.11 或更新版本，$(PYTHON) 不是；请安装后用 make PYTHON=python3.11 … | $(PYTHON) is not Python 3.11 or newer: install one and run make PYTHON=python3.11 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) 缺少 venv 模块；请安装，如 apt install python3-venv | $(PYTHON) has no venv module: install it, e.g. apt install python3-venv" >&2; exit 1; }
	@echo "== 1/3 建立虚拟环境 .venv Making the virtual environment"
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "== 2/3 安装 PyTorch（约 190 MB，需几分钟） Installing PyTorch (about 190 MB, minutes)"
	@$(PIP) install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	@echo "== 3/3 安装其余依赖 Installing the rest"
	@$(PIP) install --quiet --constraint constraints.txt uv
	@$(UV) --quiet --editable .
	@$(PIP) check --quiet || { echo "依赖有冲突，见上 | dependencies conflict, see above" >&2; exit 1; }
	@touch $@

.venv/test.stamp: .venv/core.stamp
	@echo "== 安装测试工具 Installing the test tools"
	@$(UV) --quiet --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv .jiawen
