"""pytest explains the assertions of what the tests share and of the fuzz body as it does those of the tests."""

import pytest

pytest.register_assert_rewrite("helper", "damaged", "jpeg_sources", "fuzz_encode")
