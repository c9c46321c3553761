"""Open country: the lie of the land at each place, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resources.offline.noise import Noise, Plane, ramp
from resources.offline.palette import mix
from resources.offline.stage import Stage
from resources.offline.terrain import Ground, Heights, Strip

__all__ = ["Place", "country"]


@dataclass(frozen=True, slots=True)
class Place:
    """What to paint outdoors: land (or none), how rough the water is (or none), how cloudy it is.

    `vent` is where a volcano smokes, in the view's units.
    """

    land: Heights | None
    ground: Ground | None
    swell: float | None
    cover: float
    vent: tuple[float, float] | None = None


def country(stage: Stage) -> Place:
    """The place a scene asks for."""
    return _PLACES[stage.scene.place](stage)


def _cover(stage: Stage, usual: float) -> float:
    if "clear" in stage.scene.weather:
        return 0.12
    return 0.86 if stage.scene.hour == "storm" else usual + float(stage.dice("cover").uniform(-0.08, 0.1))


def _mist(stage: Stage, usual: float) -> float:
    return usual + (1.6 if "mist" in stage.scene.weather else 0.0)


def _swell(stage: Stage, usual: float) -> float:
    return 0.95 if stage.scene.hour == "storm" else usual


def _knolls(noise: Noise, s: Strip, tall: float) -> Plane:
    """Soft rises and tussocks close by."""
    rises = noise.soft(s.x * 0.010, s.deep * 0.010) * ramp(2, 22, s.z) * np.float32(tall)
    tussocks = noise.cloud(s.x * 0.06, s.deep * 0.06) * np.float32(0.022) * np.sqrt(s.z)
    both: Plane = rises + tussocks
    return both


def _range(noise: Noise, s: Strip, pass_at: float, tall: float, begin: float = 12.0) -> Plane:
    """Mountains that leave a valley open at a direction `pass_at`."""
    crests = noise.ridge(s.x * 0.0027, s.deep * 0.0027)
    crests = crests + np.float32(0.016) * noise.ridge(s.x * 0.035, s.deep * 0.035)
    valley = 0.2 + 0.8 * ramp(0.0, 0.5, np.abs(s.x / s.z - np.float32(pass_at)))
    raised: Plane = ramp(begin, begin * 6, s.z) * crests * valley * np.float32(tall) * np.minimum(s.z, 140)
    return raised


def _shore(stage: Stage, s: Strip, rocky: float) -> Plane:
    """Land at the viewer's feet on the hero's side, sinking into the sea."""
    noise = stage.noise
    lumps = noise.cloud(s.x * 0.03, s.deep * 0.03) * 0.10 + noise.cloud(s.x * 0.12, s.deep * 0.12) * 0.04
    across = s.x / s.z * s.view.lens * np.float32(np.sign(stage.hero))
    base = np.float32(0.34) * ramp(-0.6, 0.12, across) - np.float32(0.13)
    near = ramp(17, 6, s.z)
    beach: Plane = (lumps * np.float32(rocky) + base) * near - 0.4 * (1 - near)
    return beach


@dataclass(frozen=True, slots=True)
class _Cone:
    x: float
    z: float
    reach: float
    tall: float


def _cones(stage: Stage, s: Strip, cones: list[_Cone]) -> Plane:
    rough = stage.noise.ridge(s.x * 0.006, s.deep * 0.006)
    rough = rough + np.float32(0.05) * stage.noise.ridge(s.x * 0.07, s.deep * 0.07)
    land = np.full(s.x.shape, -0.4, np.float32)
    for cone in cones:
        away = np.hypot(s.x - np.float32(cone.x), s.deep - np.float32(cone.z)) / np.float32(cone.reach)
        slope = np.float32(cone.tall) * (1.12 * np.exp(-2.2 * away) - 0.07)
        rim = np.float32(cone.tall * 0.70)
        crater = np.minimum(slope, rim + 0.35 * (rim - slope) * ramp(0.3, 0.05, away))
        land = np.maximum(land, crater * (0.72 + 0.5 * rough) - np.float32(0.02 * cone.tall))
    return land


def _archipelago(stage: Stage, count: int) -> list[_Cone]:
    rng = stage.dice("islands")
    cones = []
    for number in range(count):
        z = float((80, 150, 230, 300)[number] * rng.uniform(0.85, 1.15))
        aside = (0.32, -0.5, 0.05, -0.15)[number] * stage.side * -1 + rng.normal(0, 0.07)
        tall = z * float(rng.uniform(0.13, 0.19)) * (1.15, 0.8, 0.5, 0.4)[number]
        cones.append(
            _Cone(float(aside * z / 1.35 * min(stage.view.wide, 0.9)), z, tall * rng.uniform(1.7, 2.2), tall)
        )
    return cones


def _mountain(stage: Stage) -> Place:
    p = stage.palette
    at = stage.sun.u * 0.7

    def land(s: Strip) -> Plane:
        return _knolls(stage.noise, s, 0.35) + _range(stage.noise, s, at, 0.215)

    ground = Ground(p.leaf, p.stone, 120, crown=p.haze, crown_from=15, mist=_mist(stage, 0.4))
    return Place(land, ground, None, _cover(stage, 0.5))


def _snow(stage: Stage) -> Place:
    p = stage.palette
    white = mix(mix(p.haze, p.light, 0.3), p.cool, 0.12) * np.float32(0.74)

    def land(s: Strip) -> Plane:
        return _knolls(stage.noise, s, 0.3) * 0.8 + _range(stage.noise, s, stage.sun.u * 0.7, 0.23)

    ground = Ground(white, mix(p.stone, p.cool, 0.3), 150, roughness=0.12, mist=_mist(stage, 0.35))
    return Place(land, ground, None, _cover(stage, 0.42))


def _field(stage: Stage) -> Place:
    p = stage.palette

    def land(s: Strip) -> Plane:
        return _knolls(stage.noise, s, 0.9) + _range(stage.noise, s, stage.sun.u * 0.7, 0.085, 30)

    ground = Ground(mix(p.leaf, p.warm, 0.4), mix(p.leaf, p.stone, 0.4), 150, mist=_mist(stage, 0.3))
    return Place(land, ground, None, _cover(stage, 0.55))


def _river(stage: Stage) -> Place:
    p, noise = stage.palette, stage.noise

    def land(s: Strip) -> Plane:
        bed = np.float32(1.3) * np.sin(s.z * 0.16) * ramp(4, 30, s.z) + s.z * np.float32(stage.sun.u * 0.55)
        bank = np.abs(s.x - bed) + noise.cloud(s.x * 0.05, s.deep * 0.05) * 0.25 - 0.05 * s.z
        rise = ramp(0.5, 2.6, bank) * 0.42 - 0.13
        hills = (_knolls(noise, s, 0.4) + _range(noise, s, stage.sun.u * 0.55, 0.15)) * ramp(1.2, 6, bank)
        return rise + hills

    ground = Ground(p.leaf, mix(p.stone, p.leaf, 0.3), 110, mist=_mist(stage, 0.5), water=True)
    return Place(land, ground, 0.04, _cover(stage, 0.5))


def _desert(stage: Stage) -> Place:
    p, noise = stage.palette, stage.noise

    def land(s: Strip) -> Plane:
        warp = noise.soft(s.x * 0.004, s.deep * 0.004)
        phase = (s.x * 0.016 + s.deep * 0.034 + 0.55 * warp + 0.3) % 1
        slip = np.where(phase < 0.78, ramp(-0.25, 0.78, phase), ramp(1.0, 0.78, phase))
        swing = 0.75 + 0.3 * noise.soft(s.x * 0.006 + 0.5, s.deep * 0.006)
        tall = swing * np.minimum(s.z, 130) * np.float32(0.085) * ramp(3, 26, s.z)
        ripples = 0.005 * np.sin(s.x * 3.1 + s.deep * 8 + 6 * warp) * ramp(16, 4, s.z)
        dunes: Plane = slip * tall + ripples
        return dunes

    sand = mix(p.warm, p.haze, 0.5)
    ground = Ground(sand, mix(sand, p.warm, 0.5), 150, roughness=0.1, mist=_mist(stage, 0.2))
    return Place(land, ground, None, _cover(stage, 0.3))


def _forest(stage: Stage) -> Place:
    p, noise = stage.palette, stage.noise

    def land(s: Strip) -> Plane:
        spires = np.clip(noise.fine(s.x * 0.045, s.deep * 0.02), 0, 2.5) * ramp(9, 26, s.z)
        hills = _knolls(noise, s, 0.5) + _range(noise, s, stage.sun.u * 0.7, 0.13)
        return hills + spires * np.float32(0.75)

    ground = Ground(p.leaf * np.float32(0.7), p.leaf * np.float32(0.55), 70, mist=_mist(stage, 1.1))
    return Place(land, ground, None, _cover(stage, 0.5))


def _sea(stage: Stage) -> Place:
    return Place(None, None, _swell(stage, 0.5), _cover(stage, 0.55))


def _island(stage: Stage) -> Place:
    p = stage.palette
    cones = _archipelago(stage, 3)
    lone = not stage.scene.subjects or stage.scene.subjects[0] in ("ship", "boat", "whale", "flock")

    def land(s: Strip) -> Plane:
        far = _cones(stage, s, cones)
        return far if lone else np.maximum(far, _shore(stage, s, 1.0))

    ground = Ground(mix(p.leaf, p.stone, 0.5), p.stone, 150, mist=_mist(stage, 0.25), water=True)
    return Place(land, ground, _swell(stage, 0.3), _cover(stage, 0.5))


def _shoreline(stage: Stage) -> Place:
    p = stage.palette

    def land(s: Strip) -> Plane:
        cape = s.x / s.z * np.float32(np.sign(stage.hero))
        cliffs = _range(stage.noise, s, 0, 0.15, 20) * ramp(-0.05, 0.55, cape) - 0.5
        return np.maximum(cliffs, _shore(stage, s, 0.5))

    ground = Ground(
        mix(p.haze, p.warm, 0.3) * np.float32(0.85), p.stone, 130, mist=_mist(stage, 0.3), water=True
    )
    return Place(land, ground, _swell(stage, 0.4), _cover(stage, 0.5))


def _volcano(stage: Stage) -> Place:
    p = stage.palette
    cones = _archipelago(stage, 3)
    main = cones[0]
    cones[0] = _Cone(main.x * 0.9, main.z, main.reach * 1.25, main.tall * 1.45)

    def land(s: Strip) -> Plane:
        return np.maximum(_cones(stage, s, cones), _shore(stage, s, 1.35))

    lava = mix(p.ink, p.stone, 0.42)
    ground = Ground(lava, mix(p.ink, p.stone, 0.6), 150, roughness=0.6, mist=_mist(stage, 0.3), water=True)
    view, top = stage.view, cones[0].tall * 0.8
    vent = cones[0].x * view.lens / cones[0].z, -(top - view.eye) * view.lens / cones[0].z
    return Place(land, ground, _swell(stage, 0.35), _cover(stage, 0.45), vent)


_PLACES: dict[str, Callable[[Stage], Place]] = {
    "mountain": _mountain,
    "snow": _snow,
    "field": _field,
    "river": _river,
    "desert": _desert,
    "forest": _forest,
    "sea": _sea,
    "island": _island,
    "shore": _shoreline,
    "volcano": _volcano,
}
