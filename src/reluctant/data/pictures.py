"""Pictures of Pillow as pixels, the same from a folder and from a PyTorch data set."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

TRANSPARENT_REMARK = "pictures with transparent pixels are put on white"


def as_pixels(picture: "Image") -> NDArray[np.uint8]:
    """The pixels of a picture, (height, width) where it is grey, else (height, width, 3).

    Transparent pixels show white: what a file stores below them is often black, whatever is drawn.
    """
    from PIL import Image

    grey = picture.mode in ("1", "L", "LA")
    if is_transparent(picture):
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("L" if grey else "RGB"))


def is_transparent(picture: "Image") -> bool:
    """Whether some pixel lets a background through."""
    if not picture.has_transparency_data:
        return False
    return bool(np.asarray(picture.convert("RGBA"))[..., 3].min() < 255)
