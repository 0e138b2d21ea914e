"""The simplest cell there is: what it should do can be reckoned in the head."""

import math


class Capacitor:
    """A capacitor behind a resistance; 1 mF goes up by 0.1 V in a second at 100 µA."""

    def __init__(self, voltage: float = 3.0, farad: float = 1e-3, ohm: float = 0.0) -> None:
        self.charged = voltage
        self.farad = farad
        self.ohm = ohm
        self.passed = 0.0
        self.state = "open"
        self.imposed = 0.0

    @property
    def current(self) -> float:
        if self.state == "voltage":
            return (self.imposed - self.charged) / self.ohm if self.ohm else 0.0
        return self.imposed if self.state == "current" else 0.0

    @property
    def voltage(self) -> float:
        return self.charged + self.ohm * self.current

    def impose_current(self, ampere: float) -> None:
        self.state, self.imposed = "current", ampere

    def hold_voltage(self, volts: float) -> None:
        self.state, self.imposed = "voltage", volts

    def open(self) -> None:
        self.state, self.imposed = "open", 0.0

    def impedance(self, frequency: float) -> complex:
        return self.ohm + 1.0 / (2j * math.pi * frequency * self.farad)

    def step(self, dt: float) -> None:
        before = self.charged
        if self.state == "voltage":
            share = -math.expm1(-dt / (self.ohm * self.farad)) if self.ohm else 1.0
            self.charged += (self.imposed - self.charged) * share
        else:
            self.charged += self.current * dt / self.farad
        self.passed += (self.charged - before) * self.farad / 3600.0
