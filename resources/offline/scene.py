"""What a prompt asks to see: the hour, the place, the weather, the subjects and the manner."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    "city": "city skyline street london streets town skyscrapers metropolis rooftops urban village stadt ville ciudad",
    "volcano": "volcano volcanic lava eruption crater caldera",
    "island": "island islands archipelago galápagos galapagos lagoon insel inseln île îles isla islas",
    "shore": "shore beach coast coastline cliff cliffs bay harbour harbor port küste strand côte plage costa playa",
    "desert": "desert dunes sahara sand sands arid wüste désert desierto",
    "snow": "snow snowy glacier arctic antarctic ice iceberg tundra winter schnee neige nieve",
    "forest": "forest woods jungle rainforest woodland grove wald wälder forêt forêts bosque bosques",
    "mountain": "mountain mountains peak peaks alps summit ridge andes himalaya canyon highland highlands "
    "berg berge gebirge montagne montagnes montaña montañas",
    "river": "river stream creek brook waterfall lake pond fluss flüsse fleuve rivière río ríos lac lago",
    "space": "space galaxy planet cosmos nebula orbit universe",
    "sea": "sea ocean waves sail sailing voyage aboard ship water meer ozean mer océan mar océano",
    "field": "field fields meadow prairie savanna savannah plain plains farm grassland garden pampas hill hills",
}
# In the singular; what -s or -es makes of them is known too.
_SUBJECTS = {
    "ship": "ship beagle barque brig frigate schooner galleon vessel schiff schiffe navire barco",
    "boat": "boat rowboat canoe dinghy bateau bote",
    "tortoise": "tortoise turtle schildkröte schildkröten tortue tortuga",
    "finch": "finch sparrow songbird robin mockingbird canary canaries perched fink finken pinson pinzón pinzones",
    "iguana": "iguana lizard reptile leguan leguane iguane",
    "cactus": "cactus cacti opuntia prickly kaktus kakteen",
    "palm": "palm coconut palme palmen palmier palmera",
    "lighthouse": "lighthouse beacon leuchtturm leuchttürme leuchttürmen phare faro",
    "house": "house cottage cabin hut farmhouse home barn haus häuser maison casa",
    "person": "person man woman figure traveller traveler naturalist darwin explorer wanderer child boy girl scientist "
    "sailor keeper he she someone hero people men women children mensch menschen homme femme hombre mujer",
    "tree": "tree oak acacia baobab baum bäume arbre árbol",
    "flock": "birds gulls seabirds flock geese frigatebirds albatross pelicans boobies bird gull vogel vögel oiseau "
    "oiseaux pájaro ave",
    "whale": "whale humpback wal wale baleine ballena",
    "fish": "fish shoal fische poisson pez peces",
    "rocket": "rocket spaceship spacecraft launch rakete raketen fusée cohete",
    "horse": "horse rider pferd pferde cheval chevaux caballo",
}
_IRREGULAR = (
    "cacti people men women children canaries schiffe bote schildkröten finken pinzones leguane kakteen palmen "
    "leuchttürme leuchttürmen häuser menschen bäume wale raketen pferde chevaux"
)
_NUMBERS = {
    2: "two pair couple 2 zwei paar deux dos",
    3: "three few several some 3 drei einige trois quelques tres",
    4: "four group row family 4 vier quatre cuatro",
    5: "five flock herd pod fleet colony swarm crowd many dozen 5 fünf viele cinq cinco",
    6: "six 6 sechs seis",
    7: "seven 7 sieben sept siete",
}
_MANY = frozenset(_IRREGULAR.split())
_PLURAL = 3
_NUMBER_OF = {word: number for number, words in _NUMBERS.items() for word in words.split()}
_KINDS = {word: name for name, words in _SUBJECTS.items() for word in words.split()}
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
_AT_HOME = {"ship": "sea", "boat": "sea", "whale": "sea", "lighthouse": "shore", "fish": "underwater"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A prompt, read. `subjects` in the order in which the prompt names them, birds in the sky last."""

    hour: str
    place: str
    subjects: tuple[str, ...]
    counts: Mapping[str, int]
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
    counts = _counted(subject)
    subjects = tuple(sorted(counts, key="flock".__eq__))
    draw = int(rng.integers(1 << 30))
    place = _place(subject, subjects, draw)
    return Scene(
        hour=_hour(subject, style, draw),
        place=place,
        subjects=subjects or _USUAL.get(place, ()),
        counts=counts,
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
    if at_home := [_AT_HOME[name] for name in subjects if name in _AT_HOME]:
        return at_home[0]
    return ("mountain", "field", "river", "island", "forest", "shore")[draw % 6]


def _busiest(places: list[str]) -> str:
    # "a volcanic island shore": the word that says most about the shape wins, whatever the order.
    for place in ("study", "underwater", "space", "volcano"):
        if place in places:
            return place
    return places[0]


def _counted(text: str) -> dict[str, int]:
    """How many of each subject the text asks for, in its order."""
    words = _folded(text).split()
    counts: dict[str, int] = {}
    for number, word in enumerate(words):
        for singular in (word, word.removesuffix("s"), word.removesuffix("es")):
            if singular in _KINDS:
                many = singular != word or word in _MANY
                counts.setdefault(_KINDS[singular], _number(words[:number]) if many else 1)
                break
    return counts


def _number(before: list[str]) -> int:
    """What the last words before a plural say about how many: "a flock of small" is five."""
    said = (_NUMBER_OF[word] for word in before[:-5:-1] if word in _NUMBER_OF)
    return next(said, _PLURAL)


def _folded(text: str) -> str:
    return re.sub(r"[^\w]+", " ", text.lower())


def _named(text: str, words_of: dict[str, str]) -> list[str]:
    folded = f" {_folded(text)} "
    found = {}
    for name, words in words_of.items():
        places = [folded.find(f" {word.replace('-', ' ')} ") for word in words.split()]
        first = min((place for place in places if place >= 0), default=None)
        if first is not None:
            found[name] = first
    return sorted(found, key=found.__getitem__)
