"""Pages laid out from an election's data: one declaration serves every party, electoral district and region.

declarations    what an election consists of (JSON under templates_c1/desk/) and the templates made from it
pages           the families: legislative, DPD, pairs, voters and ballots, summary
layout          where things stand on the desk form: header, frame, rows of boxes, bubbles
"""
