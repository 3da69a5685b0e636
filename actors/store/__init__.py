"""The durable store: log, mirror, snapshots and keys in Redis or Valkey."""
