"""Colours for regions, layers and classes that colour-blind readers can tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np

# After Okabe and Ito, whose colours differ for all kinds of colour vision.
LAYERS = ("#1a1a1a", "#0072b2", "#007a5a", "#a1478a", "#d55e00", "#7a5c00")
CLASSES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#3a3a3a", "#f0e442", "#d55e00", "#56b4e9")

_LIGHTNESS, _CONTRAST, _CHROMA = 0.87, 0.08, 0.11  # in the OKLab space; the regions stay paler than the lines
_ROOTS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def relief_colours(gradients: Any, typical: float | None = None) -> np.ndarray:
    """Colours that show gradients in the plane, as on a relief map lit from the top.

    gradients : (k, 2).  typical : a size that gives half of the full colour; None takes the median.  The direction of
    the gradient gives the hue: yellow to the right, green upwards, blue to the left, purple downwards; upwards is also
    lighter than downwards, so that red-green blindness hides nothing.  The flatter, the greyer.
    Returns (k, 3) RGB values.

    >>> relief_colours([[0, 0], [1, 0], [-1, 0]]).round(1).tolist()
    [[0.8, 0.8, 0.8], [0.9, 0.8, 0.7], [0.8, 0.8, 1.0]]
    """
    slopes = np.asarray(gradients, dtype=np.float64).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(slopes).max(axis=1, keepdims=True)
        steep = largest.ravel() > 0
        slopes = slopes / np.where(steep[:, None], largest, 1.0)
        units = slopes / np.maximum(np.hypot(*slopes.T), 1.0)[:, None]
        sizes = np.hypot(*slopes.T) * largest.ravel()
        middle = typical if typical is not None else float(np.median(sizes[steep])) if steep.any() else 1.0
        share = sizes / middle
        strength = share / np.sqrt(3 + share**2)
    x, y = (np.nan_to_num(strength, nan=1.0)[:, None] * units).T
    return _rgb(np.stack([_LIGHTNESS + _CONTRAST * y, -0.7 * _CHROMA * y, _CHROMA * x], axis=1))


def class_colours(classes: Any, shades: Any) -> np.ndarray:
    """The colour of each region by its class, in a tint.

    classes : k integers from 0; after eight the colours repeat.  shades : k numbers from 0, nearly white, to 1.
    Returns (k, 3) RGB values.

    >>> class_colours([0, 0], [0.0, 1.0]).round(1).tolist()
    [[0.8, 0.9, 0.9], [0.4, 0.7, 0.8]]
    """
    from matplotlib.colors import to_rgb

    table = np.array([to_rgb(colour) for colour in CLASSES])
    full = table[np.asarray(classes, dtype=int) % len(CLASSES)]
    strength = 0.18 + 0.37 * np.asarray(shades, dtype=np.float64)[:, None]
    tints: np.ndarray = 1 - strength * (1 - full)
    return tints


def ranks(values: Any) -> np.ndarray:
    """The place of each value in the order of all different ones, from 0 for the least to 1 for the greatest.

    >>> ranks([5, 1, 5, 2]).tolist()
    [1.0, 0.0, 1.0, 0.5]
    """
    different, place = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)
    shares: np.ndarray = place / max(len(different) - 1, 1)
    return shares


def _rgb(lab: np.ndarray) -> np.ndarray:
    """sRGB values of colours in OKLab (Ottosson 2020), clipped to what a screen can show."""
    light = np.clip((lab @ _ROOTS.T) ** 3 @ _LINEAR.T, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
