"""
Maturity: what is counted, what follows from the counts, and how a model rates it. Pure.

``counters`` are added up over days and projects, ``measures`` are formulas over sums of counters, a ``model`` asks
something of measures, and ``scoring`` says what holds. So a figure of a period is made of its days, a figure of an
organisation of its projects, and every result can be made again from the counters that it names.
"""
