"""Regions as data: one file per regency, one line per kecamatan and desa with its number of ordinary and special TPS."""
