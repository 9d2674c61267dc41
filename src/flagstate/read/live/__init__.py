"""Live stores: databases and object stores that the user named, read without changing or keeping anything.

This is the only part of `read` that connects, and only to what the user named. Drivers are imported when a store is
opened, never before.
"""

from flagstate.read.live.objects import Fetched
from flagstate.read.live.opening import open_target

__all__ = ["Fetched", "open_target"]
