"""Tesseract's own training tools, one function each. They come with Debian's package tesseract-ocr."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

LANGUAGE = "c1"
NET = "[1,36,0,1 Ct3,3,16 Mp3,3 Lfys48 Lbx64 O1c1]"
"""Convolution, pooling, a column-wise LSTM that sums up each column, a two-way LSTM over the columns."""


class ToolError(RuntimeError):
    """A training tool is missing or failed; its last words are the message."""


def run(arguments: Sequence[str | Path], log: Path) -> str:
    """Run one tool, keep its output in ``log``, return it.

    Raises:
        ToolError: not installed, or exit status other than 0.
    """
    name = str(arguments[0])
    if shutil.which(name) is None:
        raise ToolError(f"{name} is not installed (Debian: tesseract-ocr)")
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    with log.open("w") as out:
        status = subprocess.run([str(a) for a in arguments], stdout=out, stderr=subprocess.STDOUT, env=environment, check=False).returncode
    text = log.read_text(errors="replace")
    if status:
        raise ToolError(f"{name} failed with status {status}: {text[-500:]}")
    return text


def starter(symbols: str, work: Path) -> Path:
    """An empty model that knows the ``symbols`` only; returns its .traineddata."""
    folder = work / "starter"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / LANGUAGE).mkdir(parents=True)
    text = folder / "symbols.txt"
    text.write_text("".join(f"{s}\n" for s in symbols))
    unicharset = folder / "unicharset"
    run(["unicharset_extractor", "--output_unicharset", unicharset, "--norm_mode", "1", text], folder / "unicharset.log")
    # combine_lang_model insists on this table of Chinese radicals; with --pass_through_recoder one unused line will do
    (folder / "radical-stroke.txt").write_text("1\t1.0\n")
    arguments: list[str | Path] = ["combine_lang_model", "--input_unicharset", unicharset, "--script_dir", folder]
    arguments += ["--output_dir", folder, "--lang", LANGUAGE, "--pass_through_recoder"]
    run(arguments, folder / "combine.log")
    return folder / LANGUAGE / f"{LANGUAGE}.traineddata"


def train(
    base: Path, listing: Path, evaluation: Path, prefix: Path, iterations: int, rate: float, continue_from: Path | None = None
) -> Path:
    """Train for ``iterations`` lines with Adam; returns the checkpoint that errs least on ``evaluation``."""
    arguments: list[str | Path] = ["lstmtraining", "--traineddata", base, "--train_listfile", listing, "--eval_listfile", evaluation]
    arguments += ["--model_output", prefix, "--max_iterations", str(iterations), "--learning_rate", str(rate)]
    arguments += ["--max_image_MB", "3000", "--target_error_rate", "0.0001", "--debug_interval", "0", "--net_mode", "192"]
    if continue_from is None:
        arguments += ["--net_spec", NET]
    else:
        arguments += ["--continue_from", continue_from, "--reset_learning_rate"]
    run(arguments, prefix.with_suffix(".log"))
    # the rate in a "best" checkpoint's name is a running mean over few lines at first: measure instead
    called_best = sorted(prefix.parent.glob(f"{prefix.name}_*[0-9].checkpoint"), key=lambda c: float(c.name.split("_")[-3]))
    candidates = [prefix.with_name(f"{prefix.name}_checkpoint"), *called_best[:4]]
    return min(candidates, key=lambda c: error_rate(base, c, evaluation))


def error_rate(base: Path, checkpoint: Path, listing: Path) -> float:
    """Percent of the lines of ``listing`` that ``checkpoint`` reads wrongly."""
    arguments: list[str | Path] = ["lstmeval", "--model", checkpoint, "--traineddata", base, "--eval_listfile", listing, "--verbosity", "0"]
    said = re.search(r"BCER eval=([0-9.]+)", run(arguments, checkpoint.with_suffix(".eval.log")))
    if said is None:
        raise ToolError("lstmeval gave no error rate")
    return float(said.group(1))


def pack(base: Path, checkpoint: Path, out: Path, log: Path) -> None:
    """Checkpoint -> int8 .traineddata at ``out``."""
    arguments: list[str | Path] = ["lstmtraining", "--stop_training", "--convert_to_int", "--continue_from", checkpoint]
    run([*arguments, "--traineddata", base, "--model_output", out], log)
