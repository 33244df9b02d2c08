"""Writes ``ocr/models/hamming.onnx``: the product of descriptors in whole numbers, by which ``ocr.align.quick`` counts in how many bits
they differ. Nothing in it is trained; it is a file because the runtime takes its operators from files.

    python -m ocr.training.hamming
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

MODEL = Path(__file__).parent.parent / "models" / "hamming.onnx"


def main() -> None:
    shapes = {"bits": (TensorProto.UINT8, ["n", 256]), "signs": (TensorProto.INT8, [256, "m"]), "product": (TensorProto.INT32, ["n", "m"])}
    bits, signs, product = (helper.make_tensor_value_info(name, *shape) for name, shape in shapes.items())
    one = helper.make_tensor("one", TensorProto.UINT8, [], [1])  # bits are 0 and 2: less one they are signs too
    node = helper.make_node("MatMulInteger", ["bits", "signs", "one"], ["product"])
    graph = helper.make_graph([node], "hamming", [bits, signs], [product], [one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="c1")
    onnx.checker.check_model(model)
    MODEL.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
