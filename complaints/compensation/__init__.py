"""Compensation: guidance, the award and its remedies, who must agree, and what it all cost."""
