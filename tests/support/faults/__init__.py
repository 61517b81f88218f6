"""What is done to the service's processes while they work, one module a fault, and what must be true afterwards."""

from tests.support.campaign import new_seed
from tests.support.faults.ground import (
    LEASE_SECONDS,
    LONG_TRAINING,
    RECOVERY_SECONDS,
    SHORT_TRAINING,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)

__all__ = [
    "LEASE_SECONDS",
    "LONG_TRAINING",
    "RECOVERY_SECONDS",
    "SHORT_TRAINING",
    "fault_settings",
    "new_seed",
    "submit_and_publish",
    "undisturbed",
    "wait_for_end",
    "wait_for_progress",
]
