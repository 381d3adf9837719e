"""Poll, never sleep for a fixed time."""

import time


def eventually(holds, *, timeout_s=30.0, every_s=0.1):
    """Return what `holds()` says as soon as it is true; fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s"
        time.sleep(every_s)
    return answer
