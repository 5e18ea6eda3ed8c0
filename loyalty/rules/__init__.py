"""What a receipt earns, and why: pure arithmetic on facts, no database, no clock."""
