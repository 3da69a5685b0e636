"""Table: what is held of every member, accepted event and sale, in columns that grow."""
