"""The live system: shards, gateway, keeper and the store under them."""
