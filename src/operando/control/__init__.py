"""Control law as pure step functions of (state, reading, dt)."""
