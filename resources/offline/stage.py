"""Everything the painters of one picture share: the scene, its colours and light, its randomness."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from resources.offline.noise import Noise
from resources.offline.palette import Light, Palette, choose, light_at
from resources.offline.scene import Scene, read
from resources.offline.sky import Sun, place_sun
from resources.offline.view import View

__all__ = ["Stage", "set_up"]

_HORIZON = {
    "sea": 0.57,
    "desert": 0.5,
    "field": 0.56,
    "snow": 0.5,
    "mountain": 0.56,
    "city": 0.72,
    "river": 0.5,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One picture's givens. `hero` is where its main subject stands (u); `side` is where the light comes from."""

    view: View
    scene: Scene
    palette: Palette
    light: Light
    sun: Sun
    noise: Noise
    hero: float
    seed: int

    @property
    def side(self) -> float:
        return 1.0 if self.sun.u > 0 else -1.0

    def dice(self, purpose: str) -> np.random.Generator:
        """Randomness of its own for each purpose, so that one painter's draws do not move another's."""
        return np.random.default_rng([self.seed, *purpose.encode()])


def set_up(prompt: str, width: int, height: int, seed: int) -> Stage:
    """Reads the prompt; colours come from its style alone, so that all pictures of one style go together."""
    rng = np.random.default_rng(seed)
    scene = read(prompt, rng)
    style_seed = int.from_bytes(sha256(scene.style.encode()).digest()[:8])
    palette = choose(scene.style, np.random.default_rng(style_seed))
    light = light_at(scene.hour, palette)
    horizon = _HORIZON.get(scene.place, 0.54)
    view = View(width, height, horizon if width >= height else horizon + 0.06)
    sun = place_sun(view, light, rng)
    hero = -float(np.sign(sun.u)) * float(rng.uniform(0.12, 0.26)) * min(view.wide, 1.0)
    return Stage(view, scene, palette, light, sun, Noise(seed), hero, seed)
