# Golden runners over the copies in tests/golden, and scripts that drive the tools as a user would.
