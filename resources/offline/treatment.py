"""How a picture is made: film, woodcut, oil, watercolour, ink … laid over the finished scene."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from resources.offline.noise import Plane, lerp, ramp
from resources.offline.palette import mix
from resources.offline.stage import Stage
from resources.offline.view import FAR, Canvas

__all__ = ["finish"]


def finish(stage: Stage, canvas: Canvas) -> Plane:
    """The canvas in the scene's manner, colours 0 to 1."""
    graded = _grade(_bloom(canvas.rgb))
    return np.clip(_MANNERS[stage.scene.manner](stage, canvas, graded), 0, 1)


def _luma(rgb: Plane) -> Plane:
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    grey: Plane = rgb @ weights
    return grey


def _blur(plane: Plane, reach: float) -> Plane:
    image = Image.fromarray((np.clip(plane, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(reach)), np.float32) / 255


def _bloom(rgb: Plane) -> Plane:
    """Highlights bleed as in a lens; what is brighter than white rolls off softly."""
    height, width = rgb.shape[:2]
    small = Image.fromarray((np.clip(rgb - 0.72, 0, 0.5) * 510).astype(np.uint8)).reduce(4)
    wide = small.filter(ImageFilter.GaussianBlur(max(width, height) / 160)).resize((width, height), 2)
    glowing = rgb + np.asarray(wide, np.float32) * np.float32(0.42 / 255)
    return np.where(glowing > 0.8, 1 - 0.2 * np.exp(-(glowing - 0.8) / 0.2), glowing)


def _grade(rgb: Plane) -> Plane:
    """A gentle S curve."""
    clipped = np.clip(rgb, 0, 1)
    return lerp(clipped, clipped * clipped * (3 - 2 * clipped), 0.4)


def _exposed(rgb: Plane) -> Plane:
    """A dark scene lifted until lines can show what is in it."""
    mean = float(np.clip(_luma(rgb).mean(), 0.02, 0.9))
    return rgb ** np.float32(np.clip(np.log(0.36) / np.log(mean), 0.5, 1))


def _vignette(stage: Stage, strength: float) -> Plane:
    view = stage.view
    x = view.u / np.float32(view.wide)
    y = (view.v + np.float32(view.top - 0.5 * view.height / view.unit)) / np.float32(
        view.height / view.unit / 2
    )
    return (1 - np.float32(strength) * ramp(0.55, 1.55, np.hypot(x, y)))[..., None]


def _grain(stage: Stage, strength: float) -> Plane:
    rng = stage.dice("grain")
    # One tile of grain, shifted for each colour: film grain is not grey, and a whole field of it costs as much as a sky.
    tile = rng.standard_normal((512, 512), np.float32)
    tile = (tile + np.roll(tile, 1, 0) + np.roll(tile, 1, 1)) / np.float32(1.7)
    height, width = stage.view.shape
    reps = (-(-height // 512) + 1, -(-width // 512) + 1)
    wall = np.tile(tile, reps)
    parts = [wall[a : a + height, a : a + width] for a in (0, 171, 307)]
    grey = parts[0][..., None] * np.float32(0.75)
    return (grey + np.stack(parts, -1) * np.float32(0.35)) * np.float32(strength)


def _paper(stage: Stage, strength: float) -> Plane:
    """The tooth of paper or canvas, around 1."""
    scale = np.float32(1.3)
    tooth = stage.noise.fine(*np.broadcast_arrays(stage.view.u * scale, stage.view.v * scale))
    return 1 + np.float32(strength) * tooth[..., None]


def _photo(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    grey = _luma(rgb)[..., None]
    tinted = rgb + (1 - grey) ** 2 * (stage.palette.deep - _luma(stage.palette.deep)) * np.float32(0.12)
    grain = _grain(stage, 0.016) * (0.4 + 1.2 * np.sqrt(np.clip(grey * (1 - grey), 0, 1)))
    return tinted * _vignette(stage, 0.34) + grain


def _noir(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    grey = _luma(rgb)
    local = np.clip(grey + 0.5 * (grey - _blur(grey, stage.view.unit / 24)), 0, 1)
    hard = ramp(0.06, 0.92, local)
    toned = lerp(
        mix(stage.palette.ink, stage.palette.deep, 0.1),
        np.array([0.97, 0.96, 0.94], np.float32),
        hard[..., None],
    )
    return toned * _vignette(stage, 0.6) + _grain(stage, 0.035)


def _vintage(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    grey = _luma(rgb)[..., None] ** np.float32(0.92)
    p = stage.palette
    sepia = np.where(
        grey < 0.5,
        lerp(p.ink + 0.05, p.warm * 0.72 + 0.06, grey * 2),
        lerp(p.warm * 0.72 + 0.06, p.light * 0.96, grey * 2 - 1),
    )
    stains = (
        1 + 0.035 * stage.noise.cloud(*np.broadcast_arrays(stage.view.u * 0.3, stage.view.v * 0.3))[..., None]
    )
    return lerp(sepia, rgb, 0.14) * stains * _vignette(stage, 0.55) + _grain(stage, 0.03)


def _pastel(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    soft = _kuwahara(rgb, max(2, stage.view.unit // 240))
    grey = _luma(soft)[..., None]
    lifted = np.clip(0.13 + 0.74 * (grey + (soft - grey) * np.float32(1.2)), 0, 1)
    strokes = _strokes(stage, 0.6)[..., None]
    return lifted * (1 + 0.022 * strokes) * _paper(stage, 0.022)


def _oil(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    """Flat dabs of colour, then the relief of the brush lit from above."""
    dabs = lerp(_kuwahara(rgb, max(2, stage.view.unit // 200)), rgb, 0.22)
    grey = _luma(dabs)[..., None]
    rich = grey + (dabs - grey) * np.float32(1.25)
    relief = _strokes(stage, 0.55)
    lit = (relief - np.roll(relief, (2, 1), (0, 1)))[..., None]
    weave = _paper(stage, 0.012)
    return rich * weave * (1 + 0.02 * relief[..., None] + 0.07 * lit) * _vignette(stage, 0.3)


def _watercolour(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    """Thin washes on white paper: light, mottled, darker where a wash dried at its edge."""
    view = stage.view
    wash = _kuwahara(rgb, max(2, view.unit // 150))
    grey = _luma(wash)[..., None]
    paper = np.array([0.985, 0.965, 0.93], np.float32)
    pigment = np.clip(grey + (wash - grey) * np.float32(1.35), 0.02, 1) ** np.float32(0.72)
    mottle = stage.noise.cloud(*np.broadcast_arrays(view.u * 0.4, view.v * 0.4))
    density = np.clip(0.86 + 0.09 * mottle, 0.5, 1.05)[..., None]
    thin = lerp(np.broadcast_to(paper, pigment.shape), pigment * paper, density)
    tone = _blur(_luma(thin), 1.2)
    edges = np.clip(_blur(tone, view.unit / 130) - tone, 0, 1)[..., None]
    return thin * (1 - 1.5 * edges) * _paper(stage, 0.03)


def _ink(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    view, p = stage.view, stage.palette
    soft = _kuwahara(rgb, max(2, view.unit // 200))
    grey = _luma(soft)
    bleed = 0.05 * stage.noise.cloud(*np.broadcast_arrays(view.u * 0.5, view.v * 0.5))
    tones = _steps(grey + bleed, (0.14, 0.3, 0.48, 0.66), 0.05)
    edges = np.clip((_blur(grey, view.unit / 180) - grey) * 5, 0, 0.9)
    paper = mix(p.haze, p.light, 0.5) * np.float32(1.02)
    washed = lerp(np.broadcast_to(p.ink, rgb.shape), paper, (np.clip(tones - edges, 0, 1) ** 0.8)[..., None])
    return lerp(washed, soft, 0.16) * _paper(stage, 0.03)


def _poster(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    flat = _kuwahara(rgb, max(3, stage.view.unit // 130))
    grey = _luma(flat)[..., None]
    steps = sum(
        ramp(at - 0.012, at + 0.012, grey) for at in (0.12, 0.25, 0.4, 0.56, 0.72, 0.86)
    ) / np.float32(6)
    level = 0.04 + 0.94 * steps
    hue = flat / np.maximum(grey, 0.04)
    return lerp(np.broadcast_to(grey * 0 + 1, flat.shape), hue, 0.95) * level * _paper(stage, 0.018)


def _woodcut(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    """Blocks of flat colour under a key block of black lines that swell in the dark."""
    p, view = stage.palette, stage.view
    flat = _kuwahara(_exposed(rgb), max(2, view.unit // 300))
    grey = _luma(flat)
    steps = _steps(grey, (0.16, 0.34, 0.54, 0.74), 0.02)
    hue = flat / np.maximum(grey, 0.05)[..., None]
    blocks = np.clip((1 + (hue - 1) * np.float32(1.35)) * (0.24 + 0.68 * steps)[..., None], 0, 1)
    blocks = lerp(blocks, mix(p.light, p.warm, 0.2), (0.14 + 0.1 * steps)[..., None])
    lines = _engrave(stage, canvas, grey, view.unit / 128)
    worn = ramp(-2.6, -1.2, stage.noise.fine(*np.broadcast_arrays(view.u * 1.1, view.v * 1.1)))
    ink = mix(p.ink, p.deep, 0.12)
    return lerp(blocks * _paper(stage, 0.028), ink, (lines * (0.82 + 0.18 * worn) * 0.94)[..., None])


def _engraving(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    p = stage.palette
    paper = mix(p.haze, p.light, 0.55)
    lines = _engrave(stage, canvas, _luma(_exposed(rgb)) * np.float32(0.95), stage.view.unit / 200)
    sheet = lerp(np.broadcast_to(paper, rgb.shape), rgb, 0.22) * _paper(stage, 0.03)
    return lerp(sheet, p.ink, (lines * 0.92)[..., None]) * _vignette(stage, 0.15)


def _pencil(stage: Stage, canvas: Canvas, rgb: Plane) -> Plane:
    view, p = stage.view, stage.palette
    grey = _luma(rgb)
    outline = np.clip((_blur(grey, view.unit / 220) - grey) * 4.5, 0, 0.9)
    tooth = stage.noise.fine(*np.broadcast_arrays(view.u * 1.6, view.v * 1.6)) * 0.06
    strokes = _strokes(stage, 1.3) * 0.13
    dark = np.clip(1.02 - grey + strokes + tooth, 0, 1) ** np.float32(1.35)
    paper = np.array([0.96, 0.945, 0.91], np.float32)
    graphite = mix(p.ink, np.array([0.2, 0.2, 0.21], np.float32), 0.5)
    return lerp(
        np.broadcast_to(paper, rgb.shape), graphite, np.clip(dark * 0.92 + outline, 0, 0.97)[..., None]
    )


def _engrave(stage: Stage, canvas: Canvas, grey: Plane, pitch: float) -> Plane:
    """Ink 0 to 1: parallel cuts that swell in the dark, and the outlines of things."""
    unit = stage.view.unit
    wave = np.abs((_cuts(stage, canvas, grey, pitch) % 1) * 2 - 1)
    local = np.clip(grey + 0.35 * (grey - _blur(grey, unit / 40)), 0, 1)
    dark = np.clip(1.06 - local * 1.28, 0, 1)
    cut = ramp(-1, 1, (dark - 0.08 - wave * 0.86) * np.float32(pitch / 1.6))
    solid = ramp(0.13, 0.05, local)
    outline = np.clip((_blur(grey, unit / 200) - grey) * 4 - 0.12, 0, 1)
    return np.maximum(np.maximum(cut, solid), outline)


def _cuts(stage: Stage, canvas: Canvas, grey: Plane, pitch: float) -> Plane:
    """Counts the cuts: level in sky and water, slanting on the land, and bent by the forms they cross."""
    view = stage.view
    y, x = np.ogrid[0 : view.height, 0 : view.width]
    swell = _blur(grey, view.unit / 30) * np.float32(view.unit * 0.10)
    sway = stage.noise.soft(*np.broadcast_arrays(view.u * 0.16, view.v * 0.16)) * np.float32(pitch * 1.1)
    level = (y + sway + swell) / np.float32(pitch)
    slant = (0.62 * x * stage.side + 0.78 * y + sway + swell * 1.6) / np.float32(pitch)
    # Flat water lies exactly where the view's geometry puts it.
    flat = view.lens * view.eye / np.maximum(view.v, np.float32(0.5 / view.unit))
    dry = (canvas.distance < FAR) & (np.abs(canvas.distance / flat - 1) > 1e-4)
    counted: Plane = np.where(dry, slant, level)
    return counted


def _steps(grey: Plane, edges: tuple[float, ...], soft: float) -> Plane:
    """Grey in as many even steps as there are edges."""
    total = np.zeros_like(grey)
    for edge in edges:
        total += ramp(edge - soft, edge + soft, grey)
    stepped: Plane = total / np.float32(len(edges))
    return stepped


def _strokes(stage: Stage, length: float) -> Plane:
    """Bristle marks: fine noise smeared along a slowly turning direction; deviation about 1."""
    view = stage.view
    height, width = view.height // 2, view.width // 2
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    scale = np.float32(2.0 / view.unit)
    angle = stage.noise.soft(x * scale * 0.2, y * scale * 0.2) * np.float32(0.9)
    dx, dy = np.cos(angle) * scale * np.float32(length), np.sin(angle) * scale * np.float32(length)
    total = np.zeros((height, width), np.float32)
    for step in range(-5, 6):
        total += stage.noise.fine(x * scale + dx * step * 2, y * scale + dy * step * 2)
    image = Image.fromarray(total / np.float32(total.std())).resize(
        (view.width, view.height), Image.Resampling.BICUBIC
    )
    return np.asarray(image, np.float32)


def _kuwahara(rgb: Plane, reach: int) -> Plane:
    """Each pixel takes the mean of the calmest of its four neighbourhoods: flat patches with crisp edges."""
    grey = _luma(rgb)
    mean, square, colour = (_box(plane, reach) for plane in (grey, grey * grey, rgb))
    spread = square - mean * mean
    half = reach // 2  # so that each of the four holds the pixel itself: else a small spot becomes a cross
    shifts = [(dy, dx) for dy in (-half, half) for dx in (-half, half)]
    best, chosen = _moved(spread, *shifts[0]), _moved(colour, *shifts[0])
    for shift in shifts[1:]:
        here = _moved(spread, *shift)
        calmer = here < best
        best = np.where(calmer, here, best)
        chosen = np.where(calmer[..., None], _moved(colour, *shift), chosen)
    return chosen


def _moved(plane: Plane, dy: int, dx: int) -> Plane:
    rows = np.clip(np.arange(plane.shape[0]) - dy, 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(plane.shape[1]) - dx, 0, plane.shape[1] - 1)
    return np.take(np.take(plane, rows, 0), columns, 1)


def _box(plane: Plane, reach: int) -> Plane:
    """The mean over a square of side `reach`, the border's pixels repeated beyond it."""
    pad = ((reach, reach), (reach, reach), (0, 0))[: plane.ndim]
    total = np.pad(plane, pad, mode="edge").cumsum(0, dtype=np.float64).cumsum(1)
    side = reach if reach % 2 else reach + 1
    lead = reach - side // 2
    height, width = plane.shape[:2]
    top, left = lead - 1, lead - 1
    part = [
        total[top + a : top + a + height, left + b : left + b + width] for a in (0, side) for b in (0, side)
    ]
    mean: Plane = ((part[3] - part[2] - part[1] + part[0]) / side**2).astype(np.float32)
    return mean


_Manner = Callable[[Stage, Canvas, Plane], Plane]
_MANNERS: dict[str, _Manner] = {
    "woodcut": _woodcut,
    "engraving": _engraving,
    "watercolour": _watercolour,
    "oil": _oil,
    "ink": _ink,
    "pencil": _pencil,
    "noir": _noir,
    "pastel": _pastel,
    "vintage": _vintage,
    "poster": _poster,
    "photo": _photo,
}
