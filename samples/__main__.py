"""``python -m samples photos|boxes``: write generated samples into a folder."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import samples
from samples import boxes
from templates_c1.families.declarations import desk_forms
from templates_c1.registry import all_templates, template


def _photos(a: argparse.Namespace) -> None:
    out: Path = a.out
    out.mkdir(parents=True, exist_ok=True)
    known = out / "truth.json"
    truth = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {"photos": {}}
    pages = [a.page] if a.page else [p.number for p in template(a.form).pages]
    for seed in range(a.seed, a.seed + a.count):
        for page in pages:
            data, facts = samples.make(a.form, page, seed, difficulty=a.difficulty, break_sum=a.break_sum)
            name = f"{a.form}_{seed}_p{page}{'_broken' if a.break_sum else ''}.jpg"
            (out / name).write_bytes(data)
            truth["photos"][name] = facts
    known.write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m samples", description=__doc__)
    sub = parser.add_subparsers(required=True)
    p = sub.add_parser("photos", help="photos of filled forms and truth.json (added to one that is there)")
    p.add_argument("--form", required=True, choices=[*sorted(all_templates()), *desk_forms()])
    p.add_argument("--page", type=int, help="default: every page of the form")
    p.add_argument("--count", type=int, default=1, help="stations")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--difficulty", type=float, default=0.3, help="0 tidy .. 1 as bad as real ones get")
    p.add_argument("--break-sum", action="store_true", help="make one sum wrong")
    p.add_argument("--out", type=Path, required=True)
    p.set_defaults(run=_photos)
    b = sub.add_parser("boxes", help="single-box crops and labels.csv")
    b.add_argument("--count", type=int, required=True)
    b.add_argument("--seed", type=int, default=0)
    b.add_argument("--out", type=Path, required=True)
    b.set_defaults(run=lambda a: boxes.write(a.out, a.count, a.seed))
    a = parser.parse_args(argv)
    try:
        a.run(a)
    except (KeyError, ValueError) as e:
        parser.exit(2, f"{parser.prog}: {e}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
