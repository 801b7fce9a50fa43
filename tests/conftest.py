"""pytest explains the assertions of helper.py and of the fuzz body as it does those of the tests."""

import pytest

pytest.register_assert_rewrite("helper", "fuzz_encode")
