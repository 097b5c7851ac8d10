"""What `make bench` runs: Reune beside other task queues on one PostgreSQL, and by itself."""
