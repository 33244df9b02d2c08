"""What looks wrong across the sheets of a polling station, across the elections of one day, and against its neighbours.

Pure functions over committed counts: ``station`` says what a count is, ``kinds`` which checks there are and where each comes from,
``sums``, ``ballots``, ``days``, ``neighbours`` and ``swaps`` are the checks, ``said`` puts what they find into words. None of them ever
changes a number or keeps one from counting: what they find is for a person to look at.
"""
