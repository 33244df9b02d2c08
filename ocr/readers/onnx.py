"""How the readers' networks run: on one thread each, so that several workers share a machine's cores fairly."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def single_thread_session(model: Path) -> onnxruntime.InferenceSession:
    """A session for ``model`` on one thread of the CPU. Raises what onnxruntime raises for a file that is no model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
