"""Types that the contract has and DRF has not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "number", "format": "double"})
class EpochField(serializers.Field[datetime, datetime, float, Any]):
    """Seconds since 1970, always with a decimal point: clients in Dart read a double."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: datetime) -> float:
        return value.timestamp()
