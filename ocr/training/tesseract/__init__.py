"""Training of the project's own Tesseract model (``python -m ocr.training.tesseract``)."""
