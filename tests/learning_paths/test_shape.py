from __future__ import annotations

from functools import cache
from itertools import product

import pytest

from learning_paths.shape import SHAPE_BOUNDS, Shape, fixes

LEGAL = [
    Shape(*values)
    for values in product(
        *(range(bound.lowest, bound.highest + 1) for bound in SHAPE_BOUNDS.values())
    )
]
MISFITS = [shape for shape in LEGAL if not shape.fits()]


@cache
def even_sizes(num_nodes: int, min_width: int, height: int) -> tuple[int, ...]:
    """
    One tree of that height: how many nodes each level has, as even as the first level allows.

    The sizes do not depend on the other bounds, so 409,113 cases are 1,700 computations.
    """
    sizes = [min_width] + [1] * (height - 1)
    for _ in range(num_nodes - 1 - sum(sizes)):
        sizes[min(range(height), key=sizes.__getitem__)] += 1
    return tuple(sizes)


def is_legal(shape: Shape) -> bool:
    return all(
        bound.lowest <= value <= bound.highest
        for bound, value in zip(SHAPE_BOUNDS.values(), shape, strict=True)
    )


def test_the_bounds_are_in_the_order_of_a_shapes_fields():
    assert tuple(SHAPE_BOUNDS) == Shape._fields


def test_95021_of_171990_legal_shapes_fit():
    assert len(LEGAL) == 171_990
    assert len(LEGAL) - len(MISFITS) == 95_021


def test_a_shape_fits_exactly_if_some_height_is_possible():
    assert all(bool(shape.heights()) is shape.fits() for shape in LEGAL)


def test_of_a_shape_that_fits_there_is_a_tree_within_its_bounds_at_each_of_its_heights():
    for shape in LEGAL:
        for height in shape.heights():
            sizes = even_sizes(shape.num_nodes, shape.min_width, height)
            assert len(sizes) == height
            assert 1 + sum(sizes) == shape.num_nodes
            assert sizes[0] >= shape.min_width
            assert min(sizes) >= 1
            assert max(sizes) <= shape.max_width


def test_every_fix_is_legal_and_makes_the_shape_fit():
    for shape in MISFITS[::61]:
        for fix in fixes(shape):
            fixed = shape._replace(**fix)
            assert is_legal(fixed), (shape, fix)
            assert fixed.fits(), (shape, fix)


def test_a_fix_of_one_parameter_is_the_nearest_and_none_that_would_do_is_left_out():
    for shape in MISFITS[::61]:
        found = {name: value for fix in fixes(shape) for name, value in fix.items()}
        if len(fixes(shape)[0]) > 1:
            found = {}
        for name, bound in SHAPE_BOUNDS.items():
            present = getattr(shape, name)
            would_do = [
                abs(value - present)
                for value in range(bound.lowest, bound.highest + 1)
                if shape._replace(**{name: value}).fits()
            ]
            nearest = [abs(found[name] - present)] if name in found else []
            assert nearest == sorted(would_do)[:1], (shape, name)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(20, 3, 3, 3, 4), [{"num_nodes": 13}, {"max_width": 5}, {"max_height": 7}]),
        (Shape(10, 6, 6, 5, 5), [{"num_nodes": 11}, {"min_width": 5}, {"min_height": 4}]),
        (Shape(15, 6, 4, 3, 7), [{"min_width": 4}, {"max_width": 6}]),
        (Shape(15, 4, 3, 4, 3), [{"max_width": 4, "max_height": 4}]),
    ],
)
def test_fixes_in_plain_cases(shape: Shape, expected: list[dict[str, int]]):
    assert fixes(shape) == expected
