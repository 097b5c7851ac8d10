"""Alerts, dashboard and documentation speak of metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from learning_paths import watch
from learning_paths.handlers import SOURCE_ERRORS
from tasks import metrics, scrape

ROOT = Path(settings.BASE_DIR)
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ALERTS = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy" / "dashboard.json").read_text())
NAME = re.compile(r"\breune_\w+")
PART = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture
def known(db: Any) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", scrape.exposition(), re.MULTILINE))


def names(text: str) -> set[str]:
    return {PART.sub("", name) for name in NAME.findall(text)}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_for_what_there_is_and_is_explained(
    rule: dict[str, Any], known: set[str]
) -> None:
    assert names(rule["expr"]) <= known
    assert f"| `{rule['alert']}` |" in OPERATIONS
    assert rule["annotations"]["summary"]


def test_no_alert_is_explained_that_is_not_there() -> None:
    explained = set(re.findall(r"^\| `(Reune\w+)` \|", OPERATIONS, re.MULTILINE))
    assert explained == {rule["alert"] for rule in ALERTS}


def test_the_dashboard_asks_for_what_there_is(known: set[str]) -> None:
    asked = {
        name
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for name in names(target["expr"])
    }
    assert asked <= known


def test_every_metric_is_explained(known: set[str]) -> None:
    assert known <= names(OPERATIONS)


def test_a_source_s_failures_are_counted() -> None:
    metrics._begin_anew()
    watch.source_failed("wikipedia", "timeout")
    assert metrics.figures()[SOURCE_ERRORS.name, ("wikipedia", "timeout"), "value"] == 1
    metrics._begin_anew()
