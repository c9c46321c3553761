"""Layers and urgency: in what order, which is not whether."""

from __future__ import annotations

from collections.abc import Callable

from movie_assets.core.layers import layers_of, urgency
from movie_assets.core.toy import Toy


def test_a_job_is_in_the_first_layer_after_all_it_reads(new_toy: Callable[..., Toy]) -> None:
    """Nothing in a layer reads anything of the same layer or a later one, and no layer is too late."""
    graph = new_toy("a", "b").movie().graph
    assert layers_of(graph.jobs) == {
        "text[0]": 0, "text[1]": 0, "picture[0]": 1, "picture[1]": 1, "voice[0]": 1, "voice[1]": 1,
        "clip[0]": 2, "clip[1]": 2, "timing": 2, "film": 3,
    }  # fmt: skip


def test_layers_count_only_the_jobs_to_be_done(new_toy: Callable[..., Toy]) -> None:
    """What is there already holds nobody up."""
    graph = new_toy("a", "b").movie().graph
    assert layers_of([job for job in graph.jobs if job.id in ("clip[1]", "film")]) == {
        "clip[1]": 0,
        "film": 1,
    }


def test_the_longest_chain_behind_a_job_makes_it_urgent(new_toy: Callable[..., Toy]) -> None:
    """Its own time and that of the longest chain of jobs that wait for it."""
    graph = new_toy("a", "b").movie().graph
    took = {"text": 1.0, "picture": 10.0, "voice": 2.0, "clip": 3.0, "timing": 0.5, "film": 4.0}
    found = urgency(graph, graph.jobs, lambda job: took[job.producer.name])
    assert found["film"] == 4.0
    assert found["clip[0]"] == 3.0 + 4.0
    assert found["timing"] == 0.5 + 4.0
    assert found["voice[0]"] == 2.0 + 3.0 + 4.0
    assert found["text[1]"] == 1.0 + 10.0 + 3.0 + 4.0
