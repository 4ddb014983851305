"""What an image is, by its headers alone."""

import random
import struct

import pytest

from media.images import Image, recognise_image
from testkit.pictures import jpeg, png


def test_an_image_is_known_by_its_bytes() -> None:
    assert recognise_image(png(1280, 720)) == Image("image/png", 1280, 720, is_whole=True)
    assert recognise_image(jpeg(1280, 720)) == Image("image/jpeg", 1280, 720, is_whole=True)


def test_a_preview_inside_a_photo_is_not_taken_for_it() -> None:
    photo = jpeg(4000, 3000, exif=b"Exif\0\0" + jpeg(160, 120))
    assert recognise_image(photo) == Image("image/jpeg", 4000, 3000, is_whole=True)
    cut = recognise_image(photo[:-60])
    assert cut is not None
    assert not cut.is_whole


@pytest.mark.parametrize("image", [png(), jpeg()], ids=["png", "jpeg"])
def test_an_image_that_is_cut_off_is_never_whole(image: bytes) -> None:
    for length in range(len(image)):
        found = recognise_image(image[:length])
        assert found is None or not found.is_whole


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"RIFF\x40\0\0\0WEBPVP8 " + bytes(64),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b'{"primaryKeyId": 7, "key": []}',
        b"SQLite format 3\0" + bytes(100),
        b"%PDF-1.7",
        png()[:8] + png(5, 5),
        b"\xff\xd8\xff" + bytes(1000),
    ],
)
def test_what_is_no_jpeg_and_no_png_is_no_image(content: bytes) -> None:
    assert recognise_image(content) is None


def test_no_bytes_make_it_fail_or_take_long() -> None:
    dice = random.Random(13)
    endless = b"\xff\xd8" + struct.pack(">BBH", 0xFF, 0xE0, 2) * 200_000
    assert recognise_image(endless) is None
    assert recognise_image(b"\xff\xd8\xff" + b"\xff" * 5_000_000) is None
    for good in (png(), jpeg()):
        for _ in range(2000):
            mutated = bytearray(good)
            for _ in range(dice.randint(1, 6)):
                mutated[dice.randrange(len(mutated))] = dice.randrange(256)
            recognise_image(bytes(mutated))
