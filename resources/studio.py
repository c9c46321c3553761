"""The studio: a project's movies over one store, ready to be planned and made."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from movie_assets.core.artefact import check_movie_id
from movie_assets.core.blueprints import BLUEPRINTS, blueprint_of
from movie_assets.core.clock import Clock
from movie_assets.core.encoder import X264, Encoder
from movie_assets.core.errors import Refused
from movie_assets.core.fallback import choice_of
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import INPUTS, resolve
from movie_assets.core.kin import Kin
from movie_assets.core.movie import Gear, Movie, Production
from movie_assets.core.movie_file import MovieFile, read_movie
from movie_assets.core.store.blob_cache import BlobCache
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Ports
from resources.clock import SystemClock
from resources.connections import Connections, read_connections
from resources.estimate import Estimates
from resources.glyphs import check_glyphs
from resources.movie_folder import CONFIG, MovieFolder
from resources.offline.check import check_voices
from resources.own_clips import fit_of
from resources.parcel import put_in_place, staged, unpack
from resources.price_list import PriceList
from resources.prompts.check import check_prompts
from resources.providers import FREE_OF_CHARGE, Providers, offered, priced
from resources.roots import driver_of
from resources.scratch import own_scratch
from resources.secrets import Secrets
from resources.settings import check_settings
from resources.texts import check_texts

__all__ = ["Studio"]


def _encoder_of(asked: str) -> Encoder:
    from resources.encoders import encoder_of  # hardly any movie asks, and it takes a while to import

    return encoder_of(asked)


@dataclass(frozen=True)
class Studio:
    """Opens the movies of a project. `root` is a folder or s3://bucket/prefix; `ports` stand in for the providers' own.

    `encoder_of` says what an encoder that a movie asks for is on this machine; it is called for no other.
    """

    project: Path
    root: str = "builds"
    ports: Ports | None = None
    clock: Clock = field(default_factory=SystemClock)
    places: int = field(default_factory=lambda: os.cpu_count() or 2)
    encoder_of: Callable[[str], Encoder] = _encoder_of
    _stores: dict[str, MovieStore] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def movies(self) -> Path:
        """The folder of the movies' own folders."""
        return self.project / "movies"

    def ids(self) -> list[str]:
        """The movies there are, with their variations, sorted; a folder that no movie may be called is none."""
        folders = [
            path.parent.name for path in self.movies.glob(f"*/{CONFIG}") if _is_movie(path.parent.name)
        ]
        return sorted({movie for folder in folders for movie in self.family(folder)})

    def family(self, movie: str) -> list[str]:
        """A movie and its variations, in the order of its file; the same for each of them."""
        folder, _ = self._written(movie)
        home = folder.path.name
        varied = [f"{home}-{name}" for name in folder.variations()]
        return [home, *(each for each in varied if _is_movie(each) and not self._has_folder(each))]

    def _written(self, movie: str) -> tuple[MovieFolder, str]:
        """The folder that a movie is written in, and which of its variations it is."""
        own = MovieFolder(self.movies, movie)
        if not self._has_folder(movie):
            for cut in (place for place, sign in enumerate(movie) if sign == "-"):
                home, name = movie[:cut], movie[cut + 1 :]
                if self._has_folder(home) and name in (folder := MovieFolder(self.movies, home)).variations():
                    return folder, name
        return own, ""

    def _has_folder(self, movie: str) -> bool:
        return (self.movies / movie / CONFIG).is_file()

    def glance(self, movie: str) -> str:
        """Another text once a file of the movie was edited; reads no file."""
        return self._written(movie)[0].glance()

    def file(self, movie: str) -> MovieFile:
        """What movie.yaml says; `Refused` with every problem and its line."""
        return self._read(movie, *self._written(movie))

    def _read(self, movie: str, folder: MovieFolder, variation: str) -> MovieFile:
        return read_movie(
            movie,
            folder.text(),
            _shown(folder.config),
            blueprints=BLUEPRINTS,
            providers=self.offered,
            variation=variation,
            read=folder.table,
        )

    def graph(self, movie: str) -> Graph:
        """Every artefact a movie's file asks for."""
        return _graph(self._equipped(self.file(movie))[0])

    def _equipped(self, said: MovieFile) -> tuple[MovieFile, Encoder | None]:
        """The file with the encoder there is on this machine; what is said of that where it asks for another than usual."""
        if said.frame.encoder == X264 or "film" not in BLUEPRINTS[said.blueprint].scopes:
            return said, None
        encoder = self.encoder_of(said.frame.encoder)
        return said.coded_by(encoder.name), encoder

    def check(self, production: Production) -> None:
        """`Unready`, before anyone is asked for anything, where a key or a program is missing for what is to be made."""
        if self.ports is None:
            known = production.known
            self.providers.check(choice_of(job, known.asked(job)) for job in production.jobs)

    def open(self, movie: str) -> Movie:
        """A movie as its files are now; changes nothing on disk."""
        folder, variation = self._written(movie)
        said, encoder = self._equipped(self._read(movie, folder, variation))
        graph = _graph(said)
        _check_names(said, graph)
        inputs = resolve(said, folder, folder.standard)
        check_settings(said, inputs, self.connections)
        check_texts(said, folder)
        check_voices(said, inputs)
        check_prompts(said, folder)
        check_glyphs(said, folder)
        unread = INPUTS.keys() - graph.blueprint.inputs
        inputs = {name: given for name, given in inputs.items() if name.kind not in unread}
        return Movie(
            movie,
            self.store(movie),
            graph,
            inputs,
            said.takes,
            said.pins,
            folder,
            self.gear,
            said.budget_usd,
            Kin(tuple(self.store(each) for each in self.family(movie) if each != movie)),
            encoder,
            fit_of(said, folder, encoder),
        )

    def receive(self, movie: str, parcel: Mapping[str, str]) -> bool:
        """Takes in a movie's folder that was sent from afar, in place of one there may be; False if it is the same.

        `Refused` with every problem, and then nothing has changed.
        """
        root = self.root if "://" in self.root else str((self.project / self.root).resolve())
        with staged(self.project, check_movie_id(movie), unpack(parcel)) as stage:
            replace(self, project=stage, root=root).open(movie)
            return put_in_place(stage, self.project, movie)

    def store(self, movie: str) -> MovieStore:
        """What is kept of a movie, whether or not its folder still exists."""
        kept = self._stores.get(movie)
        if kept is not None:
            return kept
        family = self._written(movie)[0].path.name
        return self._stores.setdefault(movie, MovieStore(self.driver, movie, self._cache, family))

    @cached_property
    def connections(self) -> Connections:
        """What the project may connect to, read once per process; `Refused` if its providers.yaml cannot be."""
        return read_connections(self.project, Secrets(self.project))

    @property
    def offered(self) -> dict[str, frozenset[str]]:
        """The providers a movie file may name, by section."""
        return offered(self.connections)

    @cached_property
    def providers(self) -> Providers:
        return Providers(self.connections, self.prices)

    @cached_property
    def prices(self) -> PriceList:
        """What the project's providers ask for."""
        return priced(self.connections)

    @cached_property
    def _price(self) -> Estimates:
        speaks = {name: each.speaks for name, each in self.connections.items()}
        return Estimates(self.prices, speaks, FREE_OF_CHARGE, self.connections.video_length)

    @cached_property
    def _cache(self) -> BlobCache:
        """What was read of a distant store, or written to it, is not fetched again by this process."""
        return BlobCache(own_scratch() / "blobs")

    @cached_property
    def driver(self) -> Driver:
        """The store at `root`."""
        return driver_of(self.root, self.project)

    @cached_property
    def gear(self) -> Gear:
        """What all movies of this process work with."""
        return Gear(
            ports=self.ports or self.providers,
            clock=self.clock,
            price=self._price,
            scratch=own_scratch(),
            places=self.providers.places(self.places),
            lane=self.providers.lane,
            editor=_editor(),
        )


def _graph(said: MovieFile) -> Graph:
    return Graph.of(blueprint_of(said), said.segments, INPUTS, said.replace.keys())


def _check_names(said: MovieFile, graph: Graph) -> None:
    named = [(("takes", str(name)), name) for name in said.takes] + [(("pins",), name) for name in said.pins]
    named += [(("replace", str(name)), name) for name in said.replace]
    problems = [
        (path, f"{said.blueprint} movies have no artefact {name}")
        for path, name in named
        if name not in graph.makers
    ]
    both = [name for name in said.pins if name in said.replace]
    problems += [
        (("pins",), f"{name} is replaced by a file, which stays anyway; remove the pin") for name in both
    ]
    if problems:
        raise said.refusal(problems)


def _is_movie(name: str) -> bool:
    try:
        return bool(check_movie_id(name))
    except Refused:
        return False


def _editor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
