"""Colours of all pictures."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Okabe and Ito's palette, made to be told apart by colour-blind readers, too."""

INK = "#222222"
FAINT = "#8a8a8a"
