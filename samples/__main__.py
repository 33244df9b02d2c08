"""``python -m samples photos|election|boxes|contact``: write generated samples into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from samples import boxes, contact, sets
from samples.dial import NAMED, difficulty
from templates_c1.families.declarations import declarations, desk_forms
from templates_c1.registry import all_templates

DIAL = f"{', '.join(NAMED)} or 0..1"


def _photos(a: argparse.Namespace) -> None:
    photos = sets.write_form(a.form, a.out, page=a.page, count=a.count, difficulty=a.difficulty, seed=a.seed, broken=a.break_sum)
    sys.stdout.write(f"{a.out}: {len(photos)} photos of {a.form}\n")


def _election(a: argparse.Namespace) -> None:
    photos = sets.write(a.kind, a.out, tps=a.tps, area=a.dapil, form=a.form, difficulty=a.difficulty, seed=a.seed, errors=a.errors)
    sys.stdout.write(f"{a.out}: {len(photos)} photos of {a.tps} TPS\n")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m samples", description=__doc__)
    sub = parser.add_subparsers(required=True)
    p = sub.add_parser("photos", help="photos of filled forms and truth.json (added to one that is there)")
    p.add_argument("--form", required=True, choices=[*sorted(all_templates()), *desk_forms()])
    p.add_argument("--page", type=int, help="default: every page of the form")
    p.add_argument("--count", type=int, default=1, help="stations")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--difficulty", type=difficulty, default="moderate", help=DIAL)
    p.add_argument("--break-sum", action="store_true", help="make one sum wrong")
    p.add_argument("--out", type=Path, required=True)
    p.set_defaults(run=_photos)
    e = sub.add_parser("election", help="every page of an election at whole TPS, and truth.json (added to one that is there)")
    e.add_argument("--kind", required=True, choices=sorted({d.election for d in declarations()}))
    e.add_argument("--dapil", help="take the TPS from this electoral district (code)")
    e.add_argument("--form", help="an official form instead of the desk form")
    e.add_argument("--tps", type=int, default=1, help="how many TPS")
    e.add_argument("--difficulty", type=difficulty, default="moderate", help=DIAL)
    e.add_argument("--seed", type=int, default=0)
    e.add_argument("--errors", type=float, default=0.0, help="probability that a page carries one wrong sum")
    e.add_argument("--out", type=Path, required=True)
    e.set_defaults(run=_election)
    b = sub.add_parser("boxes", help="single-box crops and labels.csv")
    b.add_argument("--count", type=int, required=True)
    b.add_argument("--seed", type=int, default=0)
    b.add_argument("--out", type=Path, required=True)
    b.set_defaults(run=lambda a: boxes.write(a.out, a.count, a.seed))
    c = sub.add_parser("contact", help="one picture with small ones of generated photos, from easy to hard")
    c.add_argument("--seed", type=int, default=0)
    c.add_argument("--out", type=Path, required=True)
    c.set_defaults(run=lambda a: contact.write(a.out, a.seed))
    a = parser.parse_args(argv)
    try:
        a.run(a)
    except (KeyError, ValueError) as e:
        parser.exit(2, f"{parser.prog}: {e}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
