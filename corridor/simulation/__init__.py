"""A fleet that never sailed: schedules with a known truth, what receivers hear of them, faults of AIS."""
