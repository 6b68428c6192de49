"""Infinitely deep ReLU networks: families of layers, their limits with guarantees, and when there is one."""

import sys
from types import ModuleType
from typing import Any

from relutheory.deep_limit.criteria import CriterionRow, check_convergence
from relutheory.deep_limit.domains_along_depth import DomainsAlongDepth, domains_along_depth, polygons_along_depth
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.families.rules import Tail
from relutheory.deep_limit.freezing import Freezing, freezing_depth, stays_frozen
from relutheory.deep_limit.limits.limits import DeepLimit, LimitStatus, SupBound, deep_limit, sup_bound
from relutheory.deep_limit.products.joint import CommonNorm, LargestProduct, common_norm, largest_product
from relutheory.deep_limit.recover import RecoveredLayer, recover_along_depth, recover_layer

__all__ = [
    "CommonNorm",
    "CriterionRow",
    "DeepFamily",
    "DeepLimit",
    "DomainsAlongDepth",
    "Freezing",
    "LargestProduct",
    "LimitStatus",
    "RecoveredLayer",
    "SupBound",
    "Tail",
    "check_convergence",
    "common_norm",
    "deep_limit",
    "domains_along_depth",
    "freezing_depth",
    "largest_product",
    "polygons_along_depth",
    "recover_along_depth",
    "recover_layer",
    "stays_frozen",
    "sup_bound",
]


class _Room(ModuleType):
    """This package: `relutheory.deep_limit` names it and the function alike, so it can be called as the function."""

    def __call__(self, *args: Any, **options: Any) -> DeepLimit:
        return deep_limit(*args, **options)


sys.modules[__name__].__class__ = _Room
