"""The pages in a real headless Chromium, from a folder, on a phone and on a desktop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.ports import Workspace
from resources.export import write_difference
from resources.ffmpeg import ffmpeg

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'"
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1360, "height": 900}
NASTY = "<img src=x onerror=document.title='hacked'>"
EDITS = f"""\
replace: {{film: own.mp4}}
overrides:
  0: {{narration: {{text: "The small ship came. {NASTY}"}}}}
  1: {{picture: {{prompt: "{NASTY}"}}}}
"""

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]

Open = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def movie(tale_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three revisions of a movie whose film can be played, exported; and a page of two of them."""
    tale = tale_in(tmp_path_factory.mktemp("project"))
    sources = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=10:d=9", "-f", "lavfi", "-i", "sine=440:d=9"]
    coded = ["-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", str(tale.folder / "own.mp4")]
    ffmpeg([*sources, *coded], Workspace(tale.to.parent / "scratch"))
    first = tale.make("title: Tale", f'title: "Tale {NASTY}"')
    tale.make(new=EDITS)
    last = tale.make("The small ship came.", "The large ship came, and went.")
    tale.export(last)
    write_difference(tale.store, first, last, tale.to / "diff.html")
    return tale


@pytest.fixture(scope="module")
def visit() -> Iterator[Open]:
    """Opens a page of a folder in a window of its own; whatever it says to the console, or asks for, is its `.log`."""
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        @contextmanager
        def visit(file: Path, size: dict[str, int] = DESKTOP, **more: Any) -> Iterator[Any]:
            context = browser.new_context(viewport=size, **more)
            page = context.new_page()
            page.log = []
            page.on("console", lambda message: page.log.append(message.text))
            page.on("pageerror", lambda error: page.log.append(str(error)))
            page.on(
                "request",
                lambda asked: asked.url.startswith(("file:", "data:")) or page.log.append(asked.url),
            )
            page.goto(file.as_uri())
            yield page
            context.close()

        yield visit
        browser.close()


@pytest.mark.parametrize("name", ["index.html", "diff.html"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_whole(movie: Any, visit: Open, name: str, size: dict[str, int], scheme: str) -> None:
    """It fits its window, shows every picture, says nothing to the console, asks nobody, and runs no text."""
    with visit(movie.to / name, size, color_scheme=scheme) as page:
        page.wait_for_function("[...document.images].every(each => !each.src || each.naturalWidth)")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        outside = "[...document.querySelectorAll('main *')].filter(each => !each.closest('.scroll, .unseen'))"
        assert (
            page.evaluate(f"Math.max(...{outside}.map(each => each.getBoundingClientRect().right))")
            <= size["width"]
        )
        assert page.log == [] and "hacked" not in page.title().replace(NASTY, "")
        assert page.locator("h1").inner_text() == f"Tale {NASTY}"


def test_the_film_plays_and_shows_its_captions(movie: Any, visit: Open) -> None:
    """From the folder, with no server; a segment's time takes the player there."""
    with visit(movie.to / "index.html") as page:
        page.wait_for_function("document.querySelector('#player').readyState >= 1")
        assert page.evaluate("document.querySelector('#player').duration") == pytest.approx(9, abs=0.2)
        page.evaluate("document.querySelector('#player').textTracks[0].mode = 'showing'")
        page.wait_for_function("document.querySelector('#player').textTracks[0].cues?.length >= 3")
        link = page.locator("#segment-1 .from")
        link.click()
        page.wait_for_function(
            "start => document.querySelector('#player').currentTime > start + 0.1",
            arg=float(link.get_attribute("data-start")),
        )
        page.wait_for_function("document.querySelector('.strip [aria-current]')")
        page.locator(".describe input").check()
        page.wait_for_function("document.querySelector('.describe [role=status]').textContent.length > 3")
        assert page.log == []


def test_two_revisions_are_chosen_with_the_keyboard(movie: Any, visit: Open) -> None:
    """Tab to a list, an arrow changes it, and the comparison follows: settings, pictures, words, voices."""
    with visit(movie.to / "index.html") as page:
        verdict = page.locator("#verdict")
        assert verdict.inner_text().startswith("1 setting and 1 segment differ; 2 segments are the same")
        pair = page.locator("#pairs article")
        assert pair.locator("del").all_inner_texts() == ["small"]
        assert pair.locator("ins").all_inner_texts() == ["large", ", and went"]
        page.locator("select[name=older]").focus()
        page.keyboard.press("ArrowUp")
        page.wait_for_function("document.querySelectorAll('#pairs article').length === 2")
        assert "2 segments differ" in verdict.inner_text()
        assert NASTY in page.locator("#pairs").inner_text() and page.title().startswith("Tale <img")
        shown = page.locator("#pairs img").evaluate_all("all => all.map(each => each.naturalWidth > 0)")
        assert shown == [True] * 4 and page.locator("#pairs audio:visible").count() == 4
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "newer"
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        assert verdict.inner_text() == "Choose two different revisions." and page.log == []


def test_earlier_voices_can_be_played(movie: Any, visit: Open) -> None:
    """Those that only earlier revisions have lie beside the page, too."""
    with visit(movie.to / "index.html") as page:
        sources = page.locator("#pairs audio").evaluate_all(
            "all => all.map(each => each.getAttribute('src'))"
        )
        assert len(sources) == 2 and sources[0].startswith("media/earlier/")
        assert all((movie.to / source).is_file() for source in sources)


def test_without_scripts_all_but_choosing_is_there(movie: Any, visit: Open) -> None:
    """The film, the storyboard, the history; and the page of a difference."""
    with visit(movie.to / "index.html", java_script_enabled=False) as page:
        assert page.locator("#player").is_visible() and not page.locator(".chooser").is_visible()
        assert page.locator(".scene").count() == 3 and page.locator(".history > li").count() == 3
        assert "movies diff tale" in page.locator("#compare").inner_text()
    with visit(movie.to / "diff.html", java_script_enabled=False) as page:
        assert page.locator(".pair").count() == 2 and page.locator(".pair img").count() == 4


def test_the_keyboard_reaches_the_film_first(movie: Any, visit: Open) -> None:
    """A link past the head of the page, seen when it is reached."""
    with visit(movie.to / "index.html") as page:
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the film"
        page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")


@pytest.fixture(scope="module")
def described(tale_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A movie with a described film that is longer than its film; both can be played."""
    tale = tale_in(tmp_path_factory.mktemp("project"))
    for name, seconds in (("own", 9), ("longer", 14)):
        sources = ["-f", "lavfi", "-i", f"testsrc=s=320x180:r=10:d={seconds}"]
        sources += ["-f", "lavfi", "-i", f"sine=440:d={seconds}"]
        coded = ["-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
        ffmpeg([*sources, *coded, str(tale.folder / f"{name}.mp4")], Workspace(tale.to.parent / "scratch"))
    tale.export(tale.make(new="descriptions: spoken\nreplace: {film: own.mp4, described_film: longer.mp4}\n"))
    return tale


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_described_film_plays_in_the_same_player(
    described: Any, visit: Open, size: dict[str, int]
) -> None:
    """A switch reached by the keyboard; it goes on with the same segment, with captions and times of that film."""
    ready = "seconds => Math.abs(document.querySelector('#player').duration - seconds) < 0.3"
    with visit(described.to / "index.html", size) as page:
        page.wait_for_function(ready, arg=9)
        page.evaluate("document.querySelector('#player').textTracks[0].mode = 'showing'")
        start = page.locator("#segment-1 .from").get_attribute("data-start")
        page.evaluate(
            "start => { document.querySelector('#player').currentTime = start + 0.2 }", float(start)
        )
        switch = page.get_by_role("button", name="Play with audio description")
        assert switch.get_attribute("aria-pressed") == "false"
        switch.focus()
        page.keyboard.press("Space")
        page.wait_for_function(ready, arg=14)
        assert switch.get_attribute("aria-pressed") == "true"
        later = float(page.locator("#segment-1 .from").get_attribute("data-described"))
        assert later > float(start)
        page.wait_for_function(
            "at => Math.abs(document.querySelector('#player').currentTime - at) < 0.1", arg=later
        )
        first = "document.querySelector('#player').textTracks[0].cues?.[0]?.startTime"
        page.wait_for_function(f"{first} > 1")
        assert page.locator(".describe").is_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.keyboard.press("Enter")
        page.wait_for_function(ready, arg=9)
        page.wait_for_function(f"{first} < 1")
        assert page.locator(".describe").is_visible() and page.log == []
