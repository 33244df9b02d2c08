# Every target sets up what it needs first (scripts/setup; well under a second when nothing is missing).
PY := .venv/bin/python
C1 := .venv/bin/c1
DATA ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
LOAD_ARGS ?=
HANDWRITING ?=
TRAINING := var/training
CNN ?= $(TRAINING)/cnn/heldout.npz
TESSERACT ?= $(TRAINING)/tesseract/HELDOUT.npz
WORDS ?= $(TRAINING)/words/heldout.json
FONTS ?=
TRAIN_PY ?= .venv-train/bin/python
# make test runs these on PostgreSQL, Redis and S3 too; make test-servers all of the three folders
ON_SERVERS := tests/db/test_audit.py tests/review/test_intake.py tests/review/test_concurrency.py tests/review/test_undo.py tests/review/test_sampling.py \
	tests/api/test_reading.py tests/api/test_uploads.py tests/faults/test_backup.py
need_data = @$(if $(DATA),true,$(error say where the photos and their truth.json files are: make $@ DATA=FOLDER))
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: load-banyuasin bench-totals help setup demo test e2e test-postgres test-servers faults bench-night lint format pytest bench fuzz fuzz-inputs audit-dependencies bench-desk bench-upload accuracy train-cnn train-tesseract train-words train-extras policy features samples samples-report lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-18s %s\n", $$1, $$2}'

setup: ## install what the project needs (missing Debian packages, .venv, node_modules)
	@scripts/setup

demo: setup ## set up, then start the server with sample photos, and print its address and log-ins
	@$(C1) demo

test: ## set up with Chromium, then run every check and every test
	@scripts/setup --browser --postgres
	@$(MAKE) lint
	@$(MAKE) pytest
	@C1_TEST_SERVERS=all $(PY) -m pytest -n auto --dist loadfile $(ON_SERVERS)

pytest: ## the tests alone; PYTEST_ARGS="tests/ocr -k align" for some of them
	@scripts/setup --postgres
	@$(PY) -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

e2e: setup ## every kind of election from 30 and more generated photos to totals; takes a while
	@C1_E2E=full $(PY) -m pytest tests/e2e $(PYTEST_ARGS)

test-postgres: ## the tests of the database and the services on PostgreSQL instead of SQLite
	@scripts/setup --postgres
	@C1_TEST_DATABASE=postgresql $(PY) -m pytest -n auto --dist loadfile tests/db tests/review $(PYTEST_ARGS)

test-servers: ## the tests of db, review and api on PostgreSQL, Redis and an S3 server
	@scripts/setup --postgres
	@C1_TEST_SERVERS=all $(PY) -m pytest -n auto --dist loadfile tests/db tests/review tests/api $(PYTEST_ARGS)

faults: ## kill readers, API and PostgreSQL in 200 rounds, and let everything else fail too; about half an hour
	@scripts/setup --postgres
	@C1_FAULT_ROUNDS=$(or $(ROUNDS),200) $(PY) -m pytest tests/faults $(PYTEST_ARGS)

bench-night: ## photos a minute by one and by two readers on PostgreSQL and Redis, memory, receipts in bursts
	@scripts/setup --postgres
	@$(PY) -m scripts.bench_night $(BENCH_ARGS)

lint: setup ## ruff, mypy --strict, and the direction of imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo

format: setup ## let ruff sort imports and lay out the code
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

fuzz: setup ## schemathesis over the whole HTTP interface with every role's log-in: MINUTES=15
	@$(PY) -m tests.fuzz.api --minutes $(or $(MINUTES),15)

fuzz-inputs: setup ## photos, chats, captions, templates and webhooks with broken content: MINUTES=10 each
	@$(PY) -m tests.fuzz.inputs --minutes $(or $(MINUTES),10)

audit-dependencies: setup ## known holes in the locked packages (pip-audit; needs the network)
	@scripts/audit

bench: setup ## time one photo's reading beside plain JPEG decoding, and show peak memory
	@$(PY) -m scripts.bench $(BENCH_ARGS)

bench-upload: setup ## send 200 photos at once to a server of its own: receipts, losses, memory
	@$(PY) -m scripts.bench_upload $(BENCH_ARGS)

load-banyuasin: setup ## a whole election night of Banyuasin, drawn, in var/banyuasin: 2,564 TPS, five elections, every page; LOAD_ARGS="--url postgresql://..."
	@$(PY) -m scripts.load_banyuasin $(LOAD_ARGS)

bench-totals: setup ## time every page and answer of totals over HTTP with that load, on SQLite and on PostgreSQL
	@scripts/setup --postgres
	@$(PY) -m scripts.bench_totals $(BENCH_ARGS)

bench-desk: setup ## time a reviewer's wait between saving one sheet and seeing the next, with 10,000 waiting
	@$(PY) -m scripts.bench_desk $(BENCH_ARGS)

accuracy: setup ## score the reading on true values, and by cross-validation after training: DATA=FOLDER; writes docs/accuracy.md
	$(call need_data)
	@$(PY) -m scripts.accuracy $(DATA) $(if $(and $(wildcard $(CNN)),$(wildcard $(TESSERACT))),--cnn $(CNN) --tesseract $(TESSERACT) $(if $(wildcard $(WORDS)),--words $(WORDS)))

train-cnn: setup $(TRAINING)/crops.npz ## train the convolutional network anew: DATA=FOLDER (after make train-extras)
	@$(TRAIN_PY) -c "import torch, onnx" 2>/dev/null || { echo "training the network needs PyTorch: make train-extras"; exit 1; }
	$(TRAIN_PY) -m ocr.training.train_cnn $(TRAINING)/crops.npz --out $(TRAINING)/cnn --folds 6 --final $(if $(HANDWRITING),--handwriting $(HANDWRITING))
	cp $(TRAINING)/cnn/cnn.onnx $(TRAINING)/cnn/cnn2.onnx $(TRAINING)/cnn/cnn-near.onnx $(TRAINING)/cnn/cnn.json ocr/models/
	$(PY) -m ocr.training.evaluate_boxes $(TRAINING)/cnn/heldout.npz

train-tesseract: setup $(TRAINING)/crops.npz ## train the Tesseract model anew: DATA=FOLDER
	$(PY) -m ocr.training.tesseract $(TRAINING)/crops.npz --work $(TRAINING)/tesseract $(if $(HANDWRITING),--handwriting $(HANDWRITING))

train-words: setup $(TRAINING)/crops.npz ## train the reader of number words anew: DATA=FOLDER FONTS=FOLDER of @fontsource packages
	$(call need_data)
	$(PY) -m ocr.training.words.strips $(DATA) $(TRAINING)/crops.npz --out $(TRAINING)/strips.npz
	$(TRAIN_PY) -m ocr.training.words.train $(TRAINING)/strips.npz --fonts $(FONTS) --out $(TRAINING)/words --pretrain --steps 0 1500
	for fold in 0 1 2 -1; do $(TRAIN_PY) -m ocr.training.words.train $(TRAINING)/strips.npz --fonts $(FONTS) --out $(TRAINING)/words --fold $$fold || exit 1; done
	$(PY) -m ocr.training.words.measure $(TRAINING)/strips.npz $(TRAINING)/words --sidecar ocr/models/words.json --heldout $(WORDS)
	cp $(TRAINING)/words/words.onnx ocr/models/

train-extras: setup ## install what training the network needs into .venv-train (PyTorch: large; not part of the lock file)
	$(PY) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet -e '.[train]'

policy: setup ## choose weights and thresholds from held-out readings: DATA=FOLDER, after both trainings
	$(call need_data)
	$(PY) -m ocr.training.policy --data $(DATA) --cnn $(CNN) --tesseract $(TESSERACT) $(if $(wildcard $(WORDS)),--words $(WORDS)) --doc docs/policy.md

features: setup ## compute the reference features of forms without a tag anew: DATA=FOLDER
	$(call need_data)
	$(PY) scripts/draw_blanks.py $(TRAINING)/blanks
	$(PY) -m ocr.training.features --data $(DATA) --drawn $(TRAINING)/blanks

$(TRAINING)/crops.npz:
	$(call need_data)
	@mkdir -p $(TRAINING)
	$(PY) -m ocr.training.crops $(DATA) --out $@

samples: setup ## draw some filled forms and photograph them into var/samples
	@for form_page in c-hasil-ppwp-2024:1 c-hasil-ppwp-2024:2 c-hasil-ppwp-2024:3 c1-ppwp-2019:1 c1-ppwp-2019:2 c-hasil-kwk-2020:2; do \
		$(PY) -m samples photos --form $${form_page%:*} --page $${form_page#*:} --count 3 --seed 1 --out var/samples/$${form_page%:*}-p$${form_page#*:}; \
	done

samples-report: setup ## hold generated photos against real ones: make samples-report DATA=FOLDER
	$(call need_data)
	$(PY) -m scripts.samples_report $(DATA)

lock: ## pin every package anew, with hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra dev --extra postgres --extra redis -q \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## remove what was installed and made here, and the demo's data; never the real data in var/
	rm -rf .venv .venv-train node_modules .setup var/demo var/samples build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
