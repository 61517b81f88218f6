"""What tests need around them: real servers, started and stopped."""
