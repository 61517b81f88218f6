"""What `bench.serve` is made of: networks, servers, questions, load, and what is told of them."""
