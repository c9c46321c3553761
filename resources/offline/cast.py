"""The cast: figures cut out, modelled by the light, set into the picture with their shadow or reflection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from resources.offline import animals, figures
from resources.offline.group import PERCHES, standing
from resources.offline.noise import Plane, lerp, ramp
from resources.offline.palette import Colour, mix
from resources.offline.pen import Pen
from resources.offline.stage import Stage
from resources.offline.view import Canvas

__all__ = ["enter", "foreground"]


@dataclass(frozen=True, slots=True)
class _Role:
    """How tall a figure stands in the picture, how far it reaches to its sides, and what it stands on."""

    draw: Callable[[Pen, np.random.Generator], None]
    tall: float
    left: float
    right: float
    on: str = "ground"
    down: float = 0.2
    paint: str = "stone"
    top: float = 1.1
    same_both_ways: bool = False


_PERCH, _ABOVE = 0.06, -0.24  # how far below the horizon birds perch that are the hero, or others' company
_TOGETHER = ("flock", "fish")  # many in one drawing
_GRASSY = ("field", "mountain", "river", "forest", "shore")
_LAMPLIGHT = np.array([1.0, 0.82, 0.5], np.float32)

# Against a low sun figures stand dark before the sky.
_DIM = {"silhouette": 0.18, "dawn": 0.75, "dusk": 0.5, "golden": 1.0, "night": 0.9, "storm": 0.9, "day": 1.0}

_ROLES = {
    "flock": _Role(animals.flock, 0.42, -1.3, 1.3, on="air", paint="ink", same_both_ways=True),
    "lighthouse": _Role(
        figures.lighthouse, 0.5, -0.55, 0.55, on="far", down=0.035, paint="haze", same_both_ways=True
    ),
    "house": _Role(figures.house, 0.24, -0.8, 1.1, down=0.1, paint="haze"),
    "ship": _Role(figures.ship, 0.5, -0.7, 0.8, on="water", down=0.06, paint="haze"),
    "boat": _Role(figures.boat, 0.26, -0.6, 0.65, on="water", down=0.13, paint="haze"),
    "whale": _Role(animals.whale, 0.3, -0.8, 0.8, on="water", down=0.1, paint="cool"),
    "rocket": _Role(figures.rocket, 0.44, -0.4, 0.4, on="far", down=0.035, paint="haze", same_both_ways=True),
    "tree": _Role(figures.tree, 0.6, -0.95, 0.95, down=0.13, paint="leaf"),
    "palm": _Role(figures.palm, 0.66, -0.6, 0.8, down=0.17, paint="leaf", top=1.2),
    "cactus": _Role(figures.cactus, 0.5, -0.8, 0.8, down=0.17, paint="leaf", top=1.3),
    "horse": _Role(animals.horse, 0.3, -0.75, 0.85, down=0.18),
    "person": _Role(animals.person, 0.36, -0.35, 0.4, down=0.2, paint="stone", same_both_ways=True),
    "tortoise": _Role(animals.tortoise, 0.36, -0.85, 1.05, down=0.22),
    "iguana": _Role(animals.iguana, 0.24, -1.6, 1.05, down=0.22),
    "fish": _Role(animals.fish, 0.5, -1.6, 1.6, on="air", paint="cool"),
    "finch": _Role(animals.finch, 0.32, -0.85, 0.85, on="perch"),
}


def enter(stage: Stage, canvas: Canvas) -> None:
    """Brings on the prompt's first three subjects, those in the back first; the first one named is the hero."""
    subjects = stage.scene.subjects[:3]
    for name in sorted(subjects, key=list(_ROLES).index):
        if not (name == "cactus" and "finch" in subjects):
            _bring(stage, canvas, name, lead=name == subjects[0])


def _bring(stage: Stage, canvas: Canvas, name: str, lead: bool) -> None:
    """Brings on all of one kind, those furthest away first."""
    role, count = _ROLES[name], 1 if name in _TOGETHER else stage.scene.counts.get(name, 1)
    wide = role.right - role.left
    tall = min(
        role.tall * (1.0 if lead else 0.72) * (0.8 if count > 1 else 1.0), 1.7 * stage.view.wide / wide
    )
    u = stage.hero if lead else -stage.hero * 0.9 + float(stage.dice(name).normal(0, 0.04))
    if role.on == "water":
        u = _afloat(stage, canvas, u, role.down, wide * tall)
    if role.on == "perch":
        _settle(stage, canvas, _Entry(name, count, tall, (u, _PERCH if lead else _ABOVE), role.down))
        return
    inward = -wide * tall * float(np.sign(u or 1.0))
    for number, spot in reversed(list(enumerate(standing(count)))):
        there, down = u + inward * spot.across, role.down * spot.size
        place = there, _height(stage, canvas, role, there, down, tall * spot.size)
        _put(stage, canvas, _Entry(name, number, tall * spot.size, place, down))


def _settle(stage: Stage, canvas: Canvas, first: _Entry) -> None:
    """Birds close by on the top of a prickly pear or on a branch, `number` of them where there is a hold."""
    perch, (u, v) = "pads" if "cactus" in stage.scene.subjects else "branch", first.place
    _perch(stage, canvas, perch, first.tall, (u, v))
    for number, spot in reversed(list(enumerate(PERCHES[perch][: first.number]))):
        place = u + spot.across * first.tall, v - spot.up * first.tall
        _put(stage, canvas, replace(first, number=number, tall=first.tall * spot.size, place=place))


def _height(stage: Stage, canvas: Canvas, role: _Role, u: float, down: float, tall: float) -> float:
    """The v of a figure's foot, on ground as far away as `down` below the horizon."""
    if role.on != "air":
        return _foot(stage, canvas, u, down)
    return 0.1 if stage.scene.place == "underwater" else tall * 0.5 - 0.56 * stage.view.top


def _afloat(stage: Stage, canvas: Canvas, u: float, down: float, wide: float) -> float:
    """The place nearest to u where a hull lies on water for as much of its length as can be."""
    view = stage.view
    row = min(view.pixel(0, down)[0], view.height - 1)
    flat = view.lens * view.eye / float(view.v[row, 0])
    wet = (np.abs(canvas.distance[row] / np.float32(flat) - 1) < 0.01).astype(np.intp)
    hull = np.convolve(wet, np.ones(min(max(round(wide * view.unit), 1), view.width), np.intp), "same")
    best = np.flatnonzero(hull >= 0.97 * hull.max())
    column = best[np.abs(best - view.pixel(u, 0)[1]).argmin()]
    return u if view.pixel(u, 0)[1] in best else (float(column) / view.unit - view.wide)


def _foot(stage: Stage, canvas: Canvas, u: float, down: float) -> float:
    """Where the ground as far away as `down` below the horizon really meets the picture."""
    view = stage.view
    z = view.lens * view.eye / down
    column = min(max(view.pixel(u, 0)[1], 0), view.width - 1)
    near = np.flatnonzero(canvas.distance[:, column] <= z)
    row = near[0] if len(near) else (down + view.top) * view.unit
    return float(min(row / view.unit - view.top, 0.6 * view.bottom))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One figure on stage: the how manieth of its kind, its height (units), its foot (u, v), how near its ground is."""

    name: str
    number: int
    tall: float
    place: tuple[float, float]
    down: float

    @property
    def dice(self) -> str:
        return f"{self.name} {self.number}" if self.number else self.name


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure cut out: its tones and outline, where its sheet's upper left lies, and the row of its foot."""

    tone: Plane
    shape: Plane
    corner: tuple[int, int]
    foot: int


def _put(stage: Stage, canvas: Canvas, entry: _Entry) -> None:
    """Sets one figure into the picture."""
    role = _ROLES[entry.name]
    figure = _cut_out(stage, entry)
    distance = 60.0 if role.on == "air" else stage.view.lens / max(entry.down, 0.03)
    colours = _modelled(stage, figure, getattr(stage.palette, role.paint), distance)
    if role.on == "water":
        _reflect(stage, canvas, figure, colours)
    if role.on in ("ground", "perch"):
        _set_off(stage, canvas, figure)
    if role.on == "ground":
        _shade(stage, canvas, figure)
    canvas.lay(colours, figure.shape, figure.corner, distance)


def _cut_out(stage: Stage, entry: _Entry) -> _Figure:
    role, tall, (u, v) = _ROLES[entry.name], entry.tall, entry.place
    pen = Pen(tall * stage.view.unit, role.left, role.right, role.top, -0.12)
    role.draw(pen, stage.dice(entry.dice))
    tone, shape = pen.cut()
    left = role.left
    if u > 0 and not role.same_both_ways:
        tone, shape, left = tone[:, ::-1], shape[:, ::-1], -role.right
    corner = stage.view.pixel(u + left * tall, v - role.top * tall)
    return _Figure(tone, shape, corner, stage.view.pixel(u, v)[0])


def _modelled(stage: Stage, figure: _Figure, paint: Colour, distance: float) -> Plane:
    """Rounds a flat figure: its outline is blurred into a relief, and that is lit from the sun's side."""
    light, shape, tall = stage.light, figure.shape, len(figure.shape)
    relief = (_blur(shape, tall * 0.02) + _blur(shape, tall * 0.06)) / 2
    down, across = np.gradient(relief * np.float32(tall * 0.09))
    facing = np.clip(0.25 - across * stage.side * 0.9 - down * 0.5, 0, 1)
    rim = np.clip(-across * stage.side, 0, 1) * (1 - _blur(shape, tall * 0.012))
    body = np.minimum(_grained(stage, figure.tone)[..., None] * paint, 0.85)
    shine = (0.8 * light.strength * facing)[..., None] * light.key
    lit = body * (light.fill * 0.85 + light.haze * 0.12 + shine) * np.float32(_dim(stage))
    lit = lit + (1.1 * light.strength * rim)[..., None] * light.key
    if light.height < 1:
        lit = np.where((figure.tone > 0.97)[..., None], _LAMPLIGHT, lit)
    sight = 55 if "mist" in stage.scene.weather else 150
    return lerp(lit, light.haze, float(1 - np.exp(-distance / sight)))


def _dim(stage: Stage) -> float:
    return _DIM["silhouette" if "silhouette" in stage.scene.weather else stage.scene.hour]


def _grained(stage: Stage, tone: Plane) -> Plane:
    rows, columns = np.indices(tone.shape, np.float32) / np.float32(0.8 * stage.view.unit)
    grained: Plane = 0.08 + tone * (2.2 + 0.22 * stage.noise.fine(columns, rows))
    return grained


def _blur(plane: Plane, reach: float) -> Plane:
    image = Image.fromarray((plane * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(max(reach, 0.6))), np.float32) / 255


def _set_off(stage: Stage, canvas: Canvas, figure: _Figure) -> None:
    """A breath of haze behind a figure, so that it does not drown in what is as dark as itself."""
    reach = round(0.1 * len(figure.shape))
    halo = _blur(np.pad(figure.shape, reach), reach * 0.45) * np.float32(0.3)
    air = np.maximum(mix(stage.light.haze, stage.light.key, 0.3), stage.light.key * np.float32(0.6))
    row, column = figure.corner
    canvas.lay(np.broadcast_to(air, (*halo.shape, 3)), halo, (row - reach, column - reach))


def _reflect(stage: Stage, canvas: Canvas, figure: _Figure, colours: Plane) -> None:
    """The figure upside down in the water, shorter, wavering and fading."""
    shape, rows, above = _upside_down(figure, 1.25)
    sway = stage.noise.cloud(np.full_like(rows, 0.3), rows / 260) * (1.5 + rows * 0.05)
    columns = np.clip(np.arange(shape.shape[1]) + sway.astype(int), 0, shape.shape[1] - 1)
    down = np.arange(len(shape))[:, None]
    broken = ramp(-1.6, 0.4, stage.noise.cloud(columns / 900, rows / 130))
    share = shape[down, columns] * broken * 0.62 * np.exp(-rows / (0.55 * len(shape) * 1.25))
    canvas.lay(colours[above][down, columns] * np.float32(0.82), share, (figure.foot, figure.corner[1]))


def _shade(stage: Stage, canvas: Canvas, figure: _Figure) -> None:
    """The shadow, fallen towards the viewer and away from the sun; the lower the sun, the longer."""
    shape, rows, _ = _upside_down(figure, 2.2 if stage.light.height < 0.3 else 5.0)
    pad = len(shape)
    shape = np.pad(shape, ((0, 0), (pad, pad)))
    lean = (rows * stage.side * 0.8).astype(int)
    columns = np.clip(np.arange(shape.shape[1]) + lean, 0, shape.shape[1] - 1)
    fade = 0.6 * min(stage.light.strength + 0.1, 1) * np.exp(-rows / (0.6 * len(shape)))
    fallen = _blur(np.pad(shape[np.arange(len(shape))[:, None], columns] * fade, ((4, 4), (0, 0))), 2.5)
    dark = np.broadcast_to(mix(stage.palette.ink, stage.light.fill, 0.3), (*fallen.shape, 3))
    canvas.lay(dark, fallen, (figure.foot - 5, figure.corner[1] - pad))


def _upside_down(figure: _Figure, squash: float) -> tuple[Plane, Plane, NDArray[np.intp]]:
    """The outline mirrored at the foot, the numbers of its rows, and the rows they were."""
    above = figure.foot - figure.corner[0]
    source = above - 1 - np.arange(0, above, squash).astype(np.intp)
    return figure.shape[source], np.arange(len(source), dtype=np.float32)[:, None], source


def _perch(stage: Stage, canvas: Canvas, name: str, tall: float, place: tuple[float, float]) -> None:
    """What birds sit on, close by."""
    pen = Pen(tall * stage.view.unit, -3.2, 3.2, 0.5, -2.6)
    (figures.pads if name == "pads" else figures.branch)(pen, stage.dice("perch"))
    corner = stage.view.pixel(place[0] - 3.2 * tall, place[1] - 0.5 * tall)
    figure = _Figure(*pen.cut(), corner, 0)
    canvas.lay(_modelled(stage, figure, stage.palette.leaf, 2.0), figure.shape, corner, 2.0)


def foreground(stage: Stage, canvas: Canvas) -> None:
    """Dark grass close to the lens, out of focus, at the side away from the hero."""
    if stage.scene.place not in _GRASSY or "finch" in stage.scene.subjects:
        return
    rng, view = stage.dice("foreground"), stage.view
    tall = float(rng.uniform(0.2, 0.32))
    pen = Pen(tall * view.unit, -1.7, 1.7, 1.1)
    figures.grass(pen, rng)
    tone, shape = (_blur(plane, 0.004 * view.unit) for plane in pen.cut())
    dark = (0.6 + 1.2 * tone)[..., None] * mix(stage.palette.ink, stage.palette.leaf, 0.25)
    u = -float(np.sign(stage.hero)) * view.wide * 0.62
    canvas.lay(dark, shape, view.pixel(u - 1.7 * tall, view.bottom - tall * 0.92), 1.5)
