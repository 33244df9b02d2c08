"""Facts of Banyuasin's elections of 2024 that no form says: pairs, seats of the districts, parties above the threshold.

Sources: numbers of the pairs, drawn on 23 September 2024 by KPU Sumatera Selatan and KPU Banyuasin; districts and their seats, PKPU 6/2023
(45 seats in Banyuasin; a party's list has at most as many candidates as there are seats, UU 7/2017 article 244, and the longest lists of
each district are that long); parties with at least 4 % of the nation's votes for the DPR, KPU decision 360/2024 of 20 March 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

PAIRS: Mapping[str, tuple[str, ...]] = {
    "gubernur-2024": ("Herman Deru - Cik Ujang", "Eddy Santana Putra - Riezky Aprilia", "Mawardi Yahya - R.A. Anita Noeringhati"),
    "bupati-2024": ("Askolani - Netta Indian", "Slamet Somosentono - Alfi Novtriansyah Rustam"),
}
SEATS: Mapping[str, Mapping[str, int]] = {
    "dpr-2024": {"1601": 8},
    "dprd-prov-2024": {"160010": 8},
    "dprd-kab-2024": {"160701": 7, "160702": 8, "160703": 8, "160704": 7, "160705": 7, "160706": 8},
}
ELSEWHERE = frozenset({"1601"})
"""Districts that reach beyond Banyuasin: Sumatera Selatan I is also Palembang, Lubuklinggau, Musi Banyuasin, Musi Rawas, Muratara."""
ABOVE_THRESHOLD: Mapping[str, tuple[int, ...]] = {"dpr-2024": (1, 2, 3, 4, 5, 8, 12, 14)}
