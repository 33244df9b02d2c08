"""Tables, migrations, queries and the photo store. Knows forms (templates_c1) and nouns (tally), not pixels and not HTTP."""
