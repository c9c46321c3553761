"""Whether the captions of a movie can be shown: told with file and line before anything is made."""

from __future__ import annotations

from collections.abc import Iterator

from movie_assets.core.movie_file import MovieFile
from movie_assets.core.problem import Problem, refusal
from resources.movie_folder import MovieFolder

__all__ = ["check_glyphs"]

# Printable ASCII, Latin-1 and common punctuation are in every font we install: no need to open one for them.
_COMMON = frozenset([*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2028), 0x09, 0x0A, 0x0D])


def check_glyphs(said: MovieFile, folder: MovieFolder) -> None:
    """Refuses a text a person wrote, in movie.yaml or in the script it names, that no installed font can show."""
    if said.blueprint != "podcast":
        _check_cards(said)
    if not said.captions.burn or said.captions.style == "none" or said.blueprint == "podcast":
        return
    font = said.captions.font
    missing = _complaint("", font)
    problems: list[tuple[tuple[str | int, ...], str]] = [(("captions", "font"), missing)] if missing else []
    problems += [
        (("overrides", segment, "narration", "text"), complaint)
        for segment, override in said.overrides.items()
        if not missing
        and override.narration.text
        and (complaint := _complaint(override.narration.text, font))
    ]
    if problems:
        raise said.refusal(problems)
    found = list(_in_script(said, folder))
    if found:
        raise refusal(str(said.script.source), found, f"movies check {said.id}")


def _check_cards(said: MovieFile) -> None:
    title, end = said.title_card, said.end_card
    texts: list[tuple[tuple[str | int, ...], str | None]] = []
    if title:
        texts += [(("title",), None if title.text else said.title), (("title_card", "text"), title.text)]
        texts += [(("title_card", "subtitle"), title.subtitle)]
    if end:
        texts += [(("end_card", "text"), end.text), (("end_card", "credits"), " ".join(end.credits))]
    problems = [
        (path, complaint) for path, text in texts if (complaint := _complaint(text or "", None, "card"))
    ]
    if problems:
        raise said.refusal(problems)


def _in_script(said: MovieFile, folder: MovieFolder) -> Iterator[Problem]:
    if said.script.source is None:
        return
    text = folder.text_of(said.script.source)
    if _COMMON.issuperset(map(ord, text)):
        return
    for number, line in _narrated(said, text):
        if complaint := _complaint(line, said.captions.font):
            yield Problem(number, complaint)


def _narrated(said: MovieFile, text: str) -> Iterator[tuple[int, str]]:
    """The lines of a script that are spoken, and so shown as captions: no titles, no summary, no prompts."""
    segment = -1
    for number, line in enumerate(text.splitlines(), 1):
        segment += line.strip().startswith("##")
        own = segment in said.overrides and said.overrides[segment].narration.text
        if segment >= 0 and not own and not line.strip().startswith(("#", ">")):
            yield number, line


def _complaint(text: str, font: str | None, what: str = "captions") -> str:
    if font is None and _COMMON.issuperset(map(ord, text)):
        return ""
    # Opening fonts takes a third of a second: only where a text needs it.
    from resources.fonts import complaint

    error = complaint(text, font, what)
    if error is None:
        return ""
    about = (
        f": {error.labels['characters']} ({error.labels['script']})" if "characters" in error.labels else ""
    )
    return f"{error.fact}{about}; {error.next_step}"
