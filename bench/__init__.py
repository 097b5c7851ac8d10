"""What `make bench` runs: Reune beside other task queues and web servers, and by itself."""
