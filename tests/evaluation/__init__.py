"""How much our rules find and how often they are wrong, over code whose truth we know: see README.md."""
