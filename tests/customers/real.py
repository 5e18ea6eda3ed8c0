"""Real lists of customers, names and odd texts. They are not ours to give away: what reads them runs where they are."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
with_real_data = pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not part of the project")
