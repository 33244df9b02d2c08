"""An election night played on generated photos through the real interfaces, and what came of it (``c1 rehearse``)."""
