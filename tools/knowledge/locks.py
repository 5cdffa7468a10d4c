"""One lock file per knowledge base: many readers or one writer, across processes and threads."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold the lock file `path` for the block; waits for others.

    Do not nest two of which one is exclusive: the inner call would wait for ever.
    The kernel drops the lock when its process dies, so a crash leaves nothing to clean up.
    """
    with path.open("ab") as handle:  # a new open file each time, so that threads exclude each other too
        fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
