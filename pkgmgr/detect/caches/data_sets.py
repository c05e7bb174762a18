"""Data sets in one folder, by their layout and content: who looks for which.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.digits import cifar, keras_mnist, mnist
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.photos import imagenet, kitti, openimages, voc, yolo
from pkgmgr.detect.caches.prepared import arrow_folder, described
from pkgmgr.detect.caches.published import published_files
from pkgmgr.detect.caches.texts import glue, librispeech, squad

Finder = Callable[[Listing, str], Iterator[Artifact]]
FINDERS: tuple[Finder, ...] = (
    *(mnist, keras_mnist, cifar, imagenet, voc, kitti, openimages, yolo),
    *(squad, glue, librispeech, described, arrow_folder, published_files),
)


def data_sets_in(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give the data sets whose root, or whose file, lies in this folder."""
    if listing.names:
        for find in FINDERS:
            yield from find(listing, origin)
