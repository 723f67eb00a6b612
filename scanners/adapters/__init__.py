"""One module per tool: what it is told, and what its report means. Pure, and none knows another."""
