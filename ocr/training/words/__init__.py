"""Trains the reader of number words (``ocr.readers.words``)."""
