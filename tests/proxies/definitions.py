"""Definitions of a function `mine`, each with one place, `VALUE`, that its results depend on."""

from __future__ import annotations

SOURCES = {
    "helper class method": "class H:\n    def f(self): return VALUE\ndef mine(x): return H().f()",
    "class attr": "class H:\n    k=VALUE\ndef mine(x): return H.k",
    "base": "class B:\n    def f(self): return VALUE\nclass H(B): pass\ndef mine(x): return H().f()",
    "classmethod": "class H:\n    @classmethod\n    def f(cls): return VALUE\ndef mine(x): return H.f()",
    "staticmethod": "class H:\n    @staticmethod\n    def f(): return VALUE\ndef mine(x): return H.f()",
    "property": "class H:\n    @property\n    def f(self): return VALUE\ndef mine(x): return H().f",
    "cached_property": """
import functools
class H:
    @functools.cached_property
    def f(self): return VALUE
def mine(x): return H().f
""",
    "metaclass": """
class M(type):
    def f(cls): return VALUE
class H(metaclass=M): pass
def mine(x): return H.f()
""",
    "instance": "class H:\n    def __init__(s): s.a=VALUE\nh=H()\ndef mine(x): return h.a",
    "slots": "class H:\n    __slots__=('a',)\n    def __init__(s,a): s.a=a\nh=H(VALUE)\ndef mine(x): return h.a",
    "dataclass instance": """
import dataclasses
@dataclasses.dataclass
class H:
    a: float
h=H(VALUE)
def mine(x): return h.a
""",
    "dataclass default": """
import dataclasses
@dataclasses.dataclass
class H:
    a: float=VALUE
def mine(x): return H().a
""",
    "dataclass factory": """
import dataclasses
@dataclasses.dataclass
class H:
    a: list=dataclasses.field(default_factory=lambda:[VALUE])
def mine(x): return H().a
""",
    "frozen slots dataclass": """
import dataclasses
@dataclasses.dataclass(frozen=True,slots=True)
class H:
    a: float
h=H(VALUE)
def mine(x): return h.a
""",
    "namedtuple": "import collections\nH=collections.namedtuple('H','a')\nh=H(VALUE)\ndef mine(x): return h.a",
    "enum": "import enum\nclass E(enum.Enum):\n    A=VALUE\ndef mine(x): return E.A.value",
    "partial": "import functools\ndef g(a,b): return a\nh=functools.partial(g,VALUE)\ndef mine(x): return h(1)",
    "partial function": "import functools\ndef g(a): return VALUE\nh=functools.partial(g,1)\ndef mine(x): return h()",
    "lambda": "h=lambda: VALUE\ndef mine(x): return h()",
    "lambda in dict": "h={'a': lambda: VALUE}\ndef mine(x): return h['a']()",
    "lru_cache": "import functools\n@functools.lru_cache\ndef g(): return VALUE\ndef mine(x): return g()",
    "cache const": "import functools\nK=VALUE\n@functools.cache\ndef g(): return K\ndef mine(x): return g()",
    "wraps decorator": """
import functools
def d(f):
    @functools.wraps(f)
    def w(x): return f(x)*VALUE
    return w
@d
def mine(x): return 1
""",
    "decorated": """
import functools
def d(f):
    @functools.wraps(f)
    def w(x): return f(x)
    return w
@d
def mine(x): return VALUE
""",
    "installed decorator": "import torch\n@torch.no_grad()\ndef g(): return VALUE\ndef mine(x): return g()",
    "contextlib": """
import contextlib
@contextlib.contextmanager
def g(): yield VALUE
def mine(x):
    with g() as y: return y
""",
    "numpy": "import numpy as np\na=np.arange(5000)*VALUE\ndef mine(x): return a",
    "numpy scalar": "import numpy as np\na=np.float64(VALUE)\ndef mine(x): return a",
    "numpy object": "import numpy as np\na=np.array([VALUE,'a'],dtype=object)\ndef mine(x): return a",
    "numpy strided": "import numpy as np\na=(np.ones((4,4))*VALUE)[::2]\ndef mine(x): return a",
    "torch": "import torch\na=torch.ones(3000)*VALUE\ndef mine(x): return a",
    "torch bf16": "import torch\na=(torch.ones(3)*VALUE).bfloat16()\ndef mine(x): return a",
    "torch 0d": "import torch\na=torch.tensor(VALUE,requires_grad=True)\ndef mine(x): return a",
    "parameter": "import torch\na=torch.nn.Parameter(torch.tensor([VALUE]))\ndef mine(x): return a",
    "sparse": "import torch\na=torch.tensor([[VALUE,0]]).to_sparse()\ndef mine(x): return a",
    "module inst": """
import torch
a=torch.nn.Linear(2,2)
torch.nn.init.constant_(a.weight,VALUE)
torch.nn.init.zeros_(a.bias)
def mine(x): return a(x)
""",
    "own module": """
import torch
class N(torch.nn.Module):
    def forward(self,x): return x*VALUE
a=N()
def mine(x): return a(x)
""",
    "dtype": "import torch\na={1.5:torch.float32,2.5:torch.float64}[VALUE]\ndef mine(x): return a",
    "pandas": "import pandas as pd\na=pd.DataFrame({'a':[VALUE],'b':['x']})\ndef mine(x): return a",
    "regex": "import re\na=re.compile(str(VALUE))\ndef mine(x): return a",
    "method": "class H:\n    def __init__(s): s.a=VALUE\n    def f(s): return s.a\nf=H().f\ndef mine(x): return f()",
    "function attribute": "def mine(x): return mine.a\nmine.a=VALUE",
    "nested class": "def mine(x):\n    class A:\n        k=VALUE\n    return A.k",
    "global in nested class": "K=VALUE\ndef mine(x):\n    class A:\n        k=K\n    return A.k",
    "comprehension": "K=VALUE\ndef mine(x): return [K for _ in x]",
    "frozenset global": "K=frozenset([VALUE,'a','b'])\ndef mine(x): return K",
    "set of tuples": "K={(VALUE,'a'),('b',2),('c',3)}\ndef mine(x): return K",
    "cycle": "K=[VALUE]\nK.append(K)\ndef mine(x): return K",
    "mutual recursion": "def a(n): return b(n)\ndef b(n): return a(n)*VALUE\ndef mine(x): return a(x)",
    "defaultdict": "import collections\nK=collections.defaultdict(list,{'a':VALUE})\ndef mine(x): return K",
    "OrderedDict": "import collections\nK=collections.OrderedDict(a=VALUE)\ndef mine(x): return K",
    "deque": "import collections\nK=collections.deque([VALUE])\ndef mine(x): return K",
    "random state": "import random\nK=random.Random(int(VALUE*2))\ndef mine(x): return K.random()",
    "torch generator": "import torch\nK=torch.Generator().manual_seed(int(VALUE*2))\ndef mine(x): return K",
    "np generator": "import numpy as np\nK=np.random.default_rng(int(VALUE*2))\ndef mine(x): return K",
    "fraction": "import fractions\nK=fractions.Fraction(VALUE)\ndef mine(x): return K",
    "path": "import pathlib\nK=pathlib.Path(str(VALUE))\ndef mine(x): return K",
    "try range": "def mine(x):\n    try:\n        y=VALUE\n    except ValueError: return 1\n    return y",
    "operator": "import operator\nK=operator.itemgetter(VALUE)\ndef mine(x): return K",
    "torch script fn": "import torch\nK={1.5:torch.relu,2.5:torch.sigmoid}[VALUE]\ndef mine(x): return K(x)",
    "ufunc": "import numpy as np\nK={1.5:np.add,2.5:np.multiply}[VALUE]\ndef mine(x): return K(x)",
    "builtin": "K={1.5:max,2.5:min}[VALUE]\ndef mine(x): return K(x)",
    "singledispatch": """
import functools
@functools.singledispatch
def g(a): return VALUE
@g.register
def _(a:int): return 2
def mine(x): return g(x)
""",
    "abc": """
import abc
class A(abc.ABC):
    @abc.abstractmethod
    def f(s): ...
class B(A):
    def f(s): return VALUE
def mine(x): return B().f()
""",
    "protocol": """
import typing
T=typing.TypeVar('T')
class A(typing.Generic[T]):
    def f(s): return VALUE
def mine(x): return A[int]().f()
""",
    "vectorize": "import numpy as np\nK=np.vectorize(lambda a: a*VALUE)\ndef mine(x): return K(x)",
    "assert": "def mine(x):\n    assert x > VALUE\n    return x",
    "callable instance": "class C:\n    __name__='mine'\n    def __call__(s, x): return VALUE\nmine=C()",
    "mappingproxy": "import types\nK=types.MappingProxyType({'a':VALUE})\ndef mine(x): return K['a']",
    "descriptor": "class D:\n    def __get__(s,i,o): return VALUE\nclass C:\n    d=D()\ndef mine(x): return C().d",
    "initsubclass": "class B:\n    def __init_subclass__(c): c.k=VALUE\nclass C(B): pass\ndef mine(x): return C.k",
    "exec": "K=VALUE\ndef mine(x): return eval('K')",
}
