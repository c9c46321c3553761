"""Colours of a movie, chosen by its style, and the light they give at each hour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Colour", "Light", "Palette", "choose", "light_at", "mix"]

Colour: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Palette:
    """Eight paints, from the darkest to the lightest, then leaves and stones."""

    ink: Colour
    deep: Colour
    cool: Colour
    haze: Colour
    warm: Colour
    light: Colour
    leaf: Colour
    stone: Colour


@dataclass(frozen=True, slots=True)
class Light:
    """An hour's sky from the zenith down, the colour and height (0 to 1) of sun or moon, and the shade's fill."""

    zenith: Colour
    middle: Colour
    low: Colour
    horizon: Colour
    key: Colour
    fill: Colour
    haze: Colour
    height: float
    strength: float
    moon: bool = False


_FAMILIES = {
    "amber": "1c1310 4c3a38 71898c e6cfa8 cf7a3c ffe0a4 6c6a3a 6f5a48",
    "ember": "170f15 45304a 7d7896 efc7a2 d65f36 ffd79c 5c5c38 614a4a",
    "honey": "1a1512 3d4247 7f9794 f0dcae db9a3e fff0c0 737340 7a6852",
    "film": "0b1418 1b3c4f 5591a3 d9d3c2 e28d4c ffe2b2 526840 5a5a5c",
    "azure": "0d1722 214f7d 65a3d0 dde6e6 eda862 fff1d2 5c7c3c 6d685f",
    "slate": "10151a 34495a 7e98a6 d6d8d2 c98f66 fbe8c8 5d6b50 62635f",
    "ice": "0a131d 26445f 7099b8 dde7ec d0aaa0 fff5e6 506d69 5c6874",
    "emerald": "0a1613 17443f 4f9a8f d6e2c8 dca458 fff0c2 3f7242 57604f",
    "rose": "39314e 6c6b9e a3b8de f8e3df f2a69c fff0da 8fb87e a98f96",
    "mint": "2d4050 5a86a0 a5d3d8 f3efdc f4b79a fff6dd 86bd86 a39d92",
    "violet": "120b26 3b206c 6160c6 e2b8e4 ff6f93 ffd8ac 4a5a86 564a78",
    "sepia": "1a120b 4a3723 8d7a60 e4d3b0 b98a56 f7e8c6 6b6040 6d5a44",
    "grey": "08090a 2a2d31 757a80 c9ccce b5b2ad f4f2ee 55585a 5a5c5e",
}

_BY_WORD = {
    ("noir", "black and white", "monochrome", "black-and-white", "charcoal", "pencil", "graphite"): "grey",
    ("sepia", "vintage", "daguerreotype", "antique", "old photograph", "1800s"): "sepia",
    ("pastel", "soft colours", "soft colors", "dreamy", "gentle"): "rose mint",
    ("neon", "cyberpunk", "synthwave", "vaporwave", "psychedelic"): "violet",
    ("warm", "golden", "amber", "honey", "autumn", "candle", "fire", "sunlit"): "amber ember honey",
    ("cold", "cool", "icy", "arctic", "winter", "blue"): "ice slate azure",
    ("green", "lush", "jungle", "emerald", "tropical"): "emerald",
    ("vivid", "vibrant", "bright", "colourful", "colorful", "saturated"): "azure emerald",
    ("muted", "grey", "gray", "bleak", "documentary", "desaturated"): "slate",
    ("woodcut", "linocut", "engraving", "etching", "oil"): "amber honey slate",
    ("cinematic", "film", "photo", "realistic"): "film azure slate",
}


def choose(style: str, rng: np.random.Generator) -> Palette:
    """The palette a style asks for; styles without a word for it get one of their own by their seed."""
    style = style.lower()
    names = next((names for words, names in _BY_WORD.items() if any(word in style for word in words)), None)
    family = rng.choice((names or "film azure amber honey emerald slate ember").split())
    paints = [_hex(paint) for paint in _FAMILIES[str(family)].split()]
    drift = rng.normal(0, 0.012, 3).astype(np.float32)
    return Palette(*[np.clip(paint + drift * (1 - abs(2 * paint.mean() - 1)), 0, 1) for paint in paints])


def light_at(hour: str, palette: Palette) -> Light:
    """What an hour (dawn, day, golden, dusk, night, storm) makes of a palette."""
    return {"day": _day, "golden": _golden, "dawn": _dawn, "dusk": _dusk, "night": _night, "storm": _storm}[
        hour
    ](palette)


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """A share `t` of paint b in paint a."""
    mixed: Colour = a + (b - a) * np.float32(t)
    return mixed


def _hex(paint: str) -> Colour:
    return np.frombuffer(bytes.fromhex(paint), np.uint8).astype(np.float32) / 255


def _day(p: Palette) -> Light:
    return Light(
        zenith=mix(p.deep, p.cool, 0.55),
        middle=p.cool,
        low=mix(p.cool, p.haze, 0.6),
        horizon=mix(p.haze, p.light, 0.2),
        key=p.light,
        fill=mix(p.cool, p.haze, 0.4) * np.float32(0.72),
        haze=mix(p.haze, p.cool, 0.35),
        height=1.25,
        strength=1.0,
    )


def _golden(p: Palette) -> Light:
    return Light(
        zenith=mix(p.deep, p.cool, 0.75),
        middle=mix(p.cool, p.haze, 0.55),
        low=mix(p.haze, p.warm, 0.25),
        horizon=mix(p.light, p.warm, 0.22),
        key=mix(p.light, p.warm, 0.25),
        fill=mix(p.cool, p.deep, 0.35),
        haze=mix(p.haze, p.warm, 0.22),
        height=0.2,
        strength=1.05,
    )


def _dawn(p: Palette) -> Light:
    return replace(
        _golden(p),
        zenith=mix(p.deep, p.cool, 0.5),
        middle=mix(mix(p.cool, p.haze, 0.5), p.warm, 0.12),
        low=mix(p.haze, p.warm, 0.4),
        horizon=mix(p.light, p.warm, 0.15),
        fill=mix(p.cool, p.deep, 0.25),
        height=0.085,
        strength=0.95,
    )


def _dusk(p: Palette) -> Light:
    return replace(
        _golden(p),
        zenith=mix(p.ink, p.deep, 0.85),
        middle=mix(p.deep, p.warm, 0.42),
        low=mix(p.warm, p.light, 0.12),
        horizon=mix(p.warm, p.light, 0.68),
        key=mix(p.light, p.warm, 0.45),
        fill=mix(mix(p.deep, p.cool, 0.3), p.warm, 0.22),
        haze=mix(mix(p.warm, p.deep, 0.4), p.haze, 0.25),
        height=0.06,
        strength=0.85,
    )


def _night(p: Palette) -> Light:
    return Light(
        zenith=mix(p.ink, p.deep, 0.3),
        middle=mix(p.ink, p.deep, 0.75),
        low=mix(p.deep, p.cool, 0.12),
        horizon=mix(p.deep, p.cool, 0.4),
        key=mix(mix(p.haze, p.light, 0.5), p.cool, 0.3) * np.float32(0.8),
        fill=mix(p.ink, p.deep, 0.75),
        haze=mix(p.deep, p.cool, 0.28),
        height=0.5,
        strength=0.5,
        moon=True,
    )


def _storm(p: Palette) -> Light:
    return Light(
        zenith=mix(p.ink, p.deep, 0.7),
        middle=mix(p.deep, p.cool, 0.35),
        low=mix(p.cool, p.haze, 0.2),
        horizon=mix(p.haze, p.cool, 0.25),
        key=mix(p.haze, p.light, 0.5),
        fill=mix(p.deep, p.cool, 0.4),
        haze=mix(p.cool, p.haze, 0.3),
        height=1.1,
        strength=0.55,
    )
