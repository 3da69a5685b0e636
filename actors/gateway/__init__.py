"""The HTTP side: reads requests, batches them by shard, merges what the shards answer."""
