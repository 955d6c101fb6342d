"""Models in the form of Segment Anything's export: real ONNX files, tiny and made here."""

from __future__ import annotations

import numpy as np
import pytest

from project.errors import CheckpointCorrupt
from tests.engines.tiny_sam import write_decoder, write_encoder, write_weights
from training.engines.base import Prompt
from training.engines.prompters import (
    PrompterNotReady,
    UnknownPrompter,
    open_prompter,
    prompter,
    why_not_ready,
)
from training.engines.sam_prompter import points_of


@pytest.fixture
def weights(tmp_path):
    write_weights(tmp_path / "sam")
    return tmp_path


def picture(height=96, width=96):
    """Dark, with a bright left third."""
    image = np.zeros((1, height, width), np.float32)
    image[:, :, : width // 3] = 1
    return image


def test_an_image_is_encoded_once_and_decoded_for_each_prompt(weights):
    sight = open_prompter("sam", weights, n_threads=1).look(picture())
    found = sight.find(Prompt(point=(20, 10)))
    assert found.mask.shape == (96, 96)
    assert found.mask[:, :24].all()
    assert not found.mask[:, 48:].any()
    assert found.score == pytest.approx(0.6)
    by_box = sight.find(Prompt(box=(0, 0, 96, 32)))
    assert (by_box.mask == found.mask).all()
    assert by_box.score == pytest.approx(0.8), "corners have other labels than a point"
    assert sight.find(Prompt(point=(20, 10), threshold=50.0)) is None


def test_points_are_scaled_and_boxes_are_two_corners():
    points, labels = points_of(Prompt(point=(10, 30)), 2.0)
    assert points.tolist() == [[[60, 20], [0, 0]]]
    assert labels.tolist() == [[1, -1]]
    points, labels = points_of(Prompt(box=(1, 2, 3, 4)), 0.5)
    assert points.tolist() == [[[1, 0.5], [2, 1.5]]]
    assert labels.tolist() == [[2, 3]]


def test_without_weights_it_says_what_to_do(tmp_path):
    told = why_not_ready(prompter("sam"), tmp_path, tell_folder=True)
    assert str(tmp_path) in told
    assert "CYTOLOOP_PROMPTER_DIR" in told
    with pytest.raises(PrompterNotReady, match=r"lacks encoder\.onnx and decoder\.onnx\. Ask"):
        open_prompter("sam", tmp_path, n_threads=1)
    with pytest.raises(UnknownPrompter):
        open_prompter("other", tmp_path, n_threads=1)


def test_files_of_another_form_are_refused(weights):
    write_decoder(weights / "sam" / "decoder.onnx", takes="coordinates")
    with pytest.raises(CheckpointCorrupt, match="it has no point_coords"):
        open_prompter("sam", weights, n_threads=1)
    write_decoder(weights / "sam" / "decoder.onnx")
    write_encoder(weights / "sam" / "encoder.onnx", output="features")
    with pytest.raises(CheckpointCorrupt, match="it has no image_embeddings"):
        open_prompter("sam", weights, n_threads=1)
    (weights / "sam" / "encoder.onnx").write_bytes(b"no network")
    with pytest.raises(CheckpointCorrupt, match="cannot open"):
        open_prompter("sam", weights, n_threads=1)
