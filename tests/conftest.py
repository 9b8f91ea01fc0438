"""How the tests run: the profiles of Hypothesis, and no settings of whoever runs them.

Fixtures belong beside the tests that use them, shared builders under `support/`.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    max_examples=25,
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# In-process debates would otherwise be held with the settings of the person who runs the tests.
os.environ["DIALECTIC_CONFIG_DIR"] = ""
