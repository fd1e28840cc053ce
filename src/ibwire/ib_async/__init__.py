"""ib_async's API on our connection: `from ibwire.ib_async import *` in place of `from ib_async import *`.

Needs ib_async 2.1 (the extra `ibwire[ib_async]`). All that ib_async exports is here, with an `IB`, a `Client` and a
`Wrapper` of ours. How it works, and what is different: docs/ib_async.md.
"""

from ib_async import *  # noqa: F403
from ib_async import __all__ as _theirs
from ib_async import util as util

from ibwire.exceptions import RequestTimeout
from ibwire.ib_async.client import Client as Client
from ibwire.ib_async.client import RemovedRequest
from ibwire.ib_async.fields import dropped as dropped_fields
from ibwire.ib_async.ib import IB as IB
from ibwire.ib_async.wrapper import Wrapper as Wrapper

__all__ = [*_theirs, "RemovedRequest", "RequestTimeout", "dropped_fields"]
