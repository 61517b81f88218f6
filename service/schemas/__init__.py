"""The shapes of requests and answers, as Pydantic models that validate and document."""
