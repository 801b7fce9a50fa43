"""pytest explains the assertions of helper.py as it does those of the tests."""

import pytest

pytest.register_assert_rewrite("helper")
