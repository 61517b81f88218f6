"""Tests of the whole house: unit, integration, e2e and faults."""
