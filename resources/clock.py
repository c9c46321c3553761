"""The real clock."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> str:
        return datetime.now(UTC).isoformat(timespec="milliseconds")

    def seconds(self) -> float:
        return time.monotonic()

    def new_id(self) -> str:
        return uuid.uuid4().hex[:16]
