"""What is done with schedules and deliveries; each function is one use case."""
