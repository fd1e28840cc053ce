"""A supervised session and the simulator on one virtual-time loop, hours of it, under random faults."""
