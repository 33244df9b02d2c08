"""Telephone numbers as people write them."""

from __future__ import annotations


def phone_of(text: str) -> str:
    """The digits of a phone number with the country's first: "+62 812-3456-7890" and "0812 3456 7890" are 6281234567890; "" for a name."""
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) < 9 or any(c.isalpha() for c in text):
        return ""
    return "62" + digits[1:] if digits.startswith("0") else digits
