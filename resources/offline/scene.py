"""What a prompt asks to see: the hour, the place, the weather, the subjects and the manner."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

__all__ = ["Scene", "divide", "read"]

_HOURS = {
    "storm": "storm stormy tempest thunder lightning hurricane gale rain rainy downpour",
    "night": "night midnight moon moonlit moonlight starry stars nocturnal dark",
    "dawn": "dawn sunrise daybreak morning first-light early",
    "dusk": "dusk sunset twilight evening nightfall sundown",
    "golden": "golden afternoon warm-light",
    "day": "day noon midday daylight sunny bright blue-sky",
}
_PLACES = {
    "study": "study desk notebook notebooks lamp library candle office manuscript laboratory attic cabin-interior letter "
    "writing bookshelf books room kitchen",
    "underwater": "underwater reef coral seabed undersea submerged ocean-floor",
    "city": "city skyline street london streets town skyscrapers metropolis rooftops urban village",
    "volcano": "volcano volcanic lava eruption crater caldera",
    "island": "island islands archipelago galápagos galapagos lagoon",
    "shore": "shore beach coast coastline cliffs bay harbour harbor port",
    "desert": "desert dunes sahara sand sands arid",
    "snow": "snow snowy glacier arctic antarctic ice iceberg tundra winter",
    "forest": "forest woods jungle rainforest woodland grove",
    "mountain": "mountain mountains peak peaks alps summit ridge andes himalaya canyon highland highlands",
    "river": "river stream creek brook waterfall lake pond",
    "space": "space galaxy planet cosmos nebula orbit universe",
    "sea": "sea ocean waves sail sailing voyage aboard ship water",
    "field": "field fields meadow prairie savanna savannah plain plains farm grassland garden pampas hill hills",
}
_SUBJECTS = {
    "ship": "ship beagle barque brig frigate schooner sailing-ship galleon vessel",
    "boat": "boat rowboat canoe dinghy",
    "tortoise": "tortoise tortoises turtle",
    "finch": "finch finches sparrow songbird robin mockingbird canary perched",
    "iguana": "iguana iguanas lizard reptile",
    "cactus": "cactus cacti opuntia prickly",
    "palm": "palm palms coconut",
    "lighthouse": "lighthouse beacon",
    "house": "house cottage cabin hut farmhouse home barn",
    "person": "person man woman figure traveller traveler naturalist darwin explorer wanderer child boy girl scientist "
    "sailor he she someone hero",
    "tree": "tree oak tree-of-life acacia baobab",
    "flock": "birds gulls seabirds flock geese frigatebirds albatross pelicans boobies bird gull",
    "whale": "whale whales humpback",
    "fish": "fish fishes shoal",
    "rocket": "rocket spaceship spacecraft launch",
    "horse": "horse horses rider",
}
_WEATHER = {
    "mist": "mist misty fog foggy haze hazy clouds-below steam",
    "rain": "rain rainy downpour drizzle storm stormy tempest",
    "snowfall": "snowfall blizzard snowing snowflakes",
    "clear": "clear cloudless",
    "shafts": "shafts rays god-rays sunbeams beams sunlight",
    "silhouette": "silhouette silhouettes backlit",
    "smoke": "eruption erupting smoke plume ash",
}
_MANNERS = {
    "woodcut": "woodcut linocut woodblock block-print lino",
    "engraving": "engraving etching engraved etched lithograph",
    "watercolour": "watercolour watercolor aquarelle wash gouache",
    "oil": "oil painting impressionist impasto brush painterly canvas romantic",
    "ink": "ink sumi-e brush-and-ink pen",
    "pencil": "pencil charcoal sketch drawing graphite",
    "noir": "noir monochrome black-and-white",
    "pastel": "pastel chalk crayon storybook illustration children",
    "vintage": "vintage sepia daguerreotype antique retro",
    "poster": "poster flat vector minimal minimalist graphic screenprint ukiyo-e paper-cut papercut",
    "photo": "photo photograph photographic cinematic film realistic documentary",
}
_USUAL = {"field": ("tree", "flock"), "sea": ("flock",), "shore": ("flock",)}
_ONLY_AT_SEA = {"ship", "boat", "whale"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A prompt, read. `subjects` in the order in which the prompt names them."""

    hour: str
    place: str
    subjects: tuple[str, ...]
    weather: frozenset[str]
    manner: str
    style: str


def divide(prompt: str) -> tuple[str, str]:
    """The subject and the style of a prompt; without `Style:` the whole is both."""
    subject, marker, style = re.sub(r"\s+", " ", prompt).partition("Style:")
    return (subject, style.strip()) if marker else (prompt, prompt)


def read(prompt: str, rng: np.random.Generator) -> Scene:
    """Reads a prompt; what it leaves open is drawn from `rng`."""
    subject, style = divide(prompt)
    subjects = tuple(_named(subject, _SUBJECTS))
    draw = int(rng.integers(1 << 30))
    place = _place(subject, subjects, draw)
    return Scene(
        hour=_hour(subject, style, draw),
        place=place,
        subjects=subjects or _USUAL.get(place, ()),
        weather=frozenset(_named(subject, _WEATHER)),
        manner=next(iter(_named(style, _MANNERS)), "photo"),
        style=style,
    )


def _hour(subject: str, style: str, draw: int) -> str:
    open_hours = ("golden", "day", "dawn", "golden", "dusk")
    if "warm" in style.lower():
        open_hours = ("golden", "golden", "dawn", "dusk", "golden")
    asked = next(iter(_named(subject, _HOURS)), None)
    return asked or next(iter(_named(style, _HOURS)), None) or open_hours[draw % len(open_hours)]


def _place(subject: str, subjects: tuple[str, ...], draw: int) -> str:
    places = list(_named(subject, _PLACES))
    if "sea" in places and places[0] != "sea":
        places.remove("sea")
    if places:
        return _busiest(places)
    if _ONLY_AT_SEA & set(subjects):
        return "sea"
    return ("mountain", "field", "river", "island", "forest", "shore")[draw % 6]


def _busiest(places: list[str]) -> str:
    # "a volcanic island shore": the word that says most about the shape wins, whatever the order.
    for place in ("study", "underwater", "space", "volcano"):
        if place in places:
            return place
    return places[0]


def _named(text: str, words_of: dict[str, str]) -> list[str]:
    folded = " " + re.sub(r"[^\w]+", " ", text.lower()) + " "
    found = {}
    for name, words in words_of.items():
        places = [folded.find(f" {word.replace('-', ' ')} ") for word in words.split()]
        first = min((place for place in places if place >= 0), default=None)
        if first is not None:
            found[name] = first
    return sorted(found, key=found.__getitem__)
