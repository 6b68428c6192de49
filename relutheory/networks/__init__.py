"""ReLU layers and networks, and the files they are read from."""

from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.networks.loading import load_network
from relutheory.networks.sklearn_models import from_sklearn
from relutheory.networks.torch_files import from_state_dict

__all__ = ["AffineMap", "ReLULayer", "ReLUNetwork", "from_sklearn", "from_state_dict", "load_network"]
