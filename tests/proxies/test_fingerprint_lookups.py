"""The fingerprint covers what code finds by texts, attributes that hide, and patches; or refuses them by name."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from harness.errors import ProxyError, SpaceError
from harness.proxies.fingerprint import fingerprint
from harness.proxies.ownership import is_own
from harness.scoring.models import ModelList

ARRAY_CLASS = "class A(np.ndarray): pass\na=np.ones(2).view(A); a.k=VALUE"
COVERED = {
    "docstring that is a constant too": "def mine(x):\n    'VALUE'\n    return {'1.5':1.,'2.5':2.}['VALUE']",
    "docstring of a helper": "def h(x): 'VALUE'\ndef mine(x): return float(h.__doc__)",
    "docstring of a class": "class H: 'VALUE'\ndef mine(x): return float(H.__doc__)",
    "docstring by inspect": "import inspect\ndef h(x): 'VALUE'\ndef mine(x): return inspect.getdoc(h)",
    "annotations": "def h(x:VALUE): pass\ndef mine(x): return h.__annotations__['x']",
    "annotations by inspect": "import inspect\ndef h(x:VALUE): pass\ndef mine(x): return inspect.signature(h)",
    "attribute by a made name": "def h(x): 'VALUE'\ndef mine(x): return getattr(h, '__d' + 'oc__')",
    "wrapped": """
import functools
def d(f):
    @functools.wraps(f)
    def g(*a): return 0.
    return g
def inner(): return VALUE
h=d(inner)
def mine(x): return h.__wrapped__()
""",
    "tensor attribute": "import torch\na=torch.ones(2)\na.k=VALUE\ndef mine(x): return a.k",
    "parameter attribute": "import torch\na=torch.nn.Parameter(torch.ones(2))\na.k=VALUE\ndef mine(x): return a.k",
    "tensor class": """
import torch
class T(torch.Tensor): k=VALUE
a=torch.ones(2).as_subclass(T)
def mine(x): return a.k
""",
    "tensor strides": "import torch\na=torch.ones(2,2)\na=a.t() if VALUE > 2 else a\ndef mine(x): return a.stride(0)",
    "array class attribute": f"import numpy as np\n{ARRAY_CLASS}\ndef mine(x): return a.k",
    "array strides": """
import numpy as np
a=np.ones((2,2),order='F' if VALUE > 2 else 'C')
def mine(x): return a.strides
""",
    "weak reference": """
import weakref
class K: v=VALUE
k=K()
r=weakref.ref(k)
def mine(x): return r().v
""",
    "weak values": """
import weakref
class K: v=VALUE
k=K()
r=weakref.WeakValueDictionary(a=k)
def mine(x): return r['a'].v
""",
    "weak keys": "import weakref\nclass K: pass\nr=weakref.WeakKeyDictionary({K: VALUE})\ndef mine(x): return r[K]",
    "weak set": "import weakref\nclass K: v=VALUE\nr=weakref.WeakSet([K])\ndef mine(x): return [k.v for k in r]",
    "hidden state": """
class G:
    def __init__(s): s.v=VALUE
    def __getstate__(s): return {}
g=G()
def mine(x): return g.v
""",
    "hidden slot": """
class G:
    __slots__='v'
    def __init__(s): s.v=VALUE
    def __getstate__(s): return (None, {})
g=G()
def mine(x): return g.v
""",
    "reduced to a name": """
class G:
    def __reduce__(s): return 'gg'
gg=G()
gg.v=VALUE
def mine(x): return gg.v
""",
    "reduced to a call": """
class G:
    def __reduce__(s): return G, ()
gg=G()
gg.v=VALUE
def mine(x): return gg.v
""",
    "entries that a class does not pickle": """
class D(dict):
    def __reduce__(s): return D, ()
d=D(a=VALUE)
def mine(x): return d['a']
""",
    "items that a class does not pickle": """
class L(list):
    def __reduce_ex__(s, protocol): return L, ()
l=L([VALUE])
def mine(x): return l[0]
""",
    "number that a class does not pickle": """
class F(float):
    def __reduce__(s): return F, ()
f=F(VALUE)
def mine(x): return f
""",
    "weak proxy": """
import weakref
class K: pass
k=K()
k.v=VALUE
r=weakref.proxy(k)
def mine(x): return r.v
""",
    "weak method": """
import weakref
class K:
    def f(s): return VALUE
k=K()
r=weakref.WeakMethod(k.f)
def mine(x): return r()()
""",
    "attribute of a function with a cache": """
import functools
@functools.cache
def g(): pass
g.k=VALUE
def mine(x): return g.k
""",
}  # fmt: skip
READS = [
    "import os\ndef mine(x): return os.environ['SCORED']",
    "import os\ndef mine(x): return os.environ.get('SCORED', x)",
    "import os\ndef mine(x): return os.getenv('SCORED', default=x)",
    "import os\nNAME='SCORED'\ndef mine(x): return os.environ[NAME]",
    "from os import environ\ndef mine(x): return environ['SCORED']",
    "def mine(x):\n    from os import getenv\n    return getenv('SCORED')",
    "import os\ndef mine(x): return 'SCORED' in os.environ",
    "import os\ndef h(): return os.environ['SCORED']\ndef mine(x): return h()",
    "import os\ndef mine(x): return os.path.expandvars('$SCORED/a')",
]
MADE = [
    ("import os\ndef mine(x): return os.environ['SCO' + x]", "environment variables"),
    ("import os\ndef mine(x): return os.environ.get(f'SCO{x}')", "environment variables"),
    ("import os\ndef mine(x): return os.getenv(x)", "environment variables"),
    ("import os\ndef mine(x): return dict(os.environ)", "environment variables"),
    ("import os\ndef mine(x): return getattr(os, 'environ')", "environment variables"),
    ("import os\nvalues = os.environ\ndef mine(x): return values['SCORED']", "'environ' under another name"),
    ("from os import getenv as of\ndef mine(x): return of('SCORED')", "'getenv' under another name"),
    ("def mine(x):\n    from os import getenv as of\n    return of('SCORED')", "environment variables"),
    ("import sys\nloaded = sys.modules\ndef mine(x): return loaded[x]", "'modules' under another name"),
    ("PRE = 'a'\na_weight = 1\ndef mine(x): return globals()[PRE + '_weight']", "globals by names"),
    ("PRE = 'a'\na_weight = 1\ndef mine(x): return eval(PRE + '_weight')", "globals by names"),
    ("import numpy as np\nh = np.frompyfunc(lambda x: 2 * x, 1, 1)\ndef mine(x): return h(x)", "numpy.ufunc"),
]  # fmt: skip
FINDS = [
    "import importlib\ndef mine(x): return importlib.import_module('h' + 'mod').W",
    "def mine(x): return __import__('h' + x).W",
    "import pkgutil\ndef mine(x): return pkgutil.resolve_name('hmod:W')",
    "import sys\ndef mine(x): return sys.modules['hmod'].W",
    "import sys\ndef mine(x): return sys.modules['h' + x].W",
    "from sys import modules\ndef mine(x): return modules.get('hmod').W",
]


def defined(source: str, name: str = "typed_in") -> Callable[..., Any]:
    namespace: dict[str, Any] = {"__name__": name}
    exec(source, namespace)
    function: Callable[..., Any] = namespace["mine"]
    return function


@pytest.mark.parametrize("kind", COVERED)
def test_what_an_object_holds_is_seen(kind: str) -> None:
    one, again, other = (fingerprint(defined(COVERED[kind].replace("VALUE", value))) for value in ("1.5", "1.5", "2.5"))
    assert one == again != other


@pytest.mark.parametrize("source", READS)
def test_environment_variables_that_code_names_are_seen(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = defined(source)
    found = []
    for value in ("1", "2"):
        monkeypatch.setenv("SCORED", value)
        found.append(fingerprint(function))
        monkeypatch.setenv("OTHER", value)
        assert fingerprint(function) == found[-1]
    monkeypatch.delenv("SCORED")
    assert len({*found, fingerprint(function)}) == 3


@pytest.mark.parametrize(("source", "message"), MADE)
def test_what_only_the_run_can_tell_is_refused_by_name(source: str, message: str) -> None:
    with pytest.raises(ProxyError, match=f"'mine' depends on .*{message}"):
        fingerprint(defined(source, "__main__"))


def test_methods_of_the_same_names_are_no_look_ups() -> None:
    source = "def mine(network): return list(network.eval().modules())"
    assert fingerprint(defined(source, "__main__")) == fingerprint(defined(source, "__main__"))


@pytest.mark.parametrize("source", FINDS)
def test_modules_that_code_finds_by_texts_are_seen(source: str) -> None:
    """In a process of its own, since all of the user's modules are read where the name is made."""
    program = (
        "import sys, types; from harness.proxies.fingerprint import fingerprint\n"
        "hmod = sys.modules['hmod'] = types.ModuleType('hmod')\n"
        f"space = {{'__name__': 'typed_in'}}; exec({source!r}, space)\n"
        "for hmod.W in (1, 2): print(fingerprint(space['mine']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 2


def test_modules_that_installed_packages_make_are_not_the_users_own() -> None:
    assert not is_own(torch.ops.__name__)
    assert not is_own("torch._C._nn")


def test_what_was_put_into_builtins_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    function = defined("def mine(x): return SCORED_SCALE")
    found = set()
    for value in (1.0, 2.0):
        monkeypatch.setattr(builtins, "SCORED_SCALE", value, raising=False)
        found.add(fingerprint(function))
    assert len(found) == 2


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function of a module of the user's own."""
    module = ModuleType("typed_in")
    monkeypatch.setitem(sys.modules, "typed_in", module)
    exec("def own(*values): return 9.0", vars(module))
    function: Callable[..., Any] = vars(module)["own"]
    return function


def test_code_that_replaces_that_of_an_installed_package_is_refused(
    own: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mean = defined("import numpy as np\ndef mine(x): return np.mean(x)")
    relu = defined("from torch import nn\ndef mine(x): return nn.functional.relu(nn.ReLU()(x))")
    fingerprint(mean), fingerprint(relu)
    with monkeypatch.context() as patch:
        patch.setattr(np, "mean", own)
        with pytest.raises(ProxyError, match=r"'mine' depends on numpy\.mean, which code of your own has replaced"):
            fingerprint(mean)
        fingerprint(relu)
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.functional, "relu", own)
        with pytest.raises(ProxyError, match=r"torch\.nn\.functional\.relu, which"):
            fingerprint(relu)
    with monkeypatch.context() as patch:
        for kind in (lambda function: function, staticmethod, classmethod, property):
            patch.setattr(torch.nn.ReLU, "forward", kind(own))
            with pytest.raises(ProxyError, match=r"activation\.ReLU\.forward, which"):
                fingerprint(relu)
        fingerprint(mean)


def test_models_are_held_to_the_same(own: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import os\nfrom torch import nn\ndef mine(): return nn.Linear(192, int(os.environ['SCORED']))"
    models = ModelList({"mine": defined(source)}, (3, 8, 8), 5)
    found = set()
    for value in ("5", "6"):
        monkeypatch.setenv("SCORED", value)
        found.add(models.fingerprint(models.parse("mine")))
    assert len(found) == 2
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", own)
    with pytest.raises(SpaceError, match=r"model 'mine' depends on .*Linear\.reset_parameters"):
        models.fingerprint(models.parse("mine"))
