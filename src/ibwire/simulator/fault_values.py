"""What the parameters of faults may be; a fault's annotations check what it is given."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0.0)]
BytesPerSecond = Annotated[float, Meta(ge=1.0)]
Times = Annotated[int, Meta(ge=0)]
