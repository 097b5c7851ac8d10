import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from learning_paths import conf as learning_paths_conf
from tasks import conf as tasks_conf


@pytest.mark.parametrize(
    ("name", "module"),
    [("REUNE_TASKS", tasks_conf), ("REUNE_LEARNING_PATHS", learning_paths_conf)],
)
def test_a_misspelt_setting_is_an_error(settings: Settings, name: str, module: object) -> None:
    setattr(settings, name, {"leese": 1})
    with pytest.raises(ImproperlyConfigured, match="leese"):
        module.get_conf()  # type: ignore[attr-defined]
