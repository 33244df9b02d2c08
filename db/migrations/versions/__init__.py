"""One module per step, never changed after release."""
