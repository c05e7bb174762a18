"""Data sets as their publishers hand them out: archives that nobody has unpacked. Each has one size, and one hash.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pkgmgr.detect.caches.archive import archive_state
from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import BROKEN, COMPLETE, PARTIAL, UNKNOWN


class Published(NamedTuple):
    """One file."""

    dataset: str
    version: str
    size: int
    sha256: str = ""


PUBLISHED = {
    "cifar-10-python.tar.gz": Published(
        "cifar10", "", 170498071, "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    ),
    "cifar-10-binary.tar.gz": Published(
        "cifar10", "", 170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    ),
    "cifar-100-python.tar.gz": Published(
        "cifar100", "", 169001437, "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    ),
    "cifar-100-binary.tar.gz": Published(
        "cifar100", "", 168513733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
    ),
    "annotations_trainval2014.zip": Published(
        "coco", "2014", 252872794, "031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009"
    ),
    "annotations_trainval2017.zip": Published(
        "coco", "2017", 252907541, "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268"
    ),
    "image_info_test2014.zip": Published(
        "coco", "2014", 763464, "7cecc66f6b09c1671c1896a1bcc1f35eb09b7fcf00a5c18420a5f0f5983dc8c9"
    ),
    "image_info_test2017.zip": Published(
        "coco", "2017", 1144034, "e52f412dd7195ac8f98d782b44c6dd30ea10241e9f42521f67610fbe055a74f8"
    ),
    "train2014.zip": Published(
        "coco", "2014", 13510573713, "ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775"
    ),
    "val2014.zip": Published(
        "coco", "2014", 6645013297, "fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0"
    ),
    "test2014.zip": Published(
        "coco", "2014", 6660437059, "ead40c62230cb2cf70ff4c8b4c70abdc260a7556e77b3282621d06d8e2e35bdf"
    ),
    "train2017.zip": Published(
        "coco", "2017", 19336861798, "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929"
    ),
    "val2017.zip": Published(
        "coco", "2017", 815585330, "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05"
    ),
    "test2017.zip": Published(
        "coco", "2017", 6646970404, "c7908c3c9f94ba2f3340ebbeec58c25db6be8774f18d68c2f15d0e369d95baba"
    ),
    "ILSVRC2012_img_train.tar": Published(
        "imagenet", "", 147897477120, "b08200a27a8e34218a0e58fde36b0fe8f73bc377f4acea2d91602057c3ca45bb"
    ),
    "ILSVRC2012_img_val.tar": Published(
        "imagenet", "", 6744924160, "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0"
    ),
    "VOCtrainval_06-Nov-2007.tar": Published(
        "voc", "2007", 460032000, "7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508"
    ),
    "VOCtest_06-Nov-2007.tar": Published(
        "voc", "2007", 451020800, "6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892"
    ),
    "VOCtrainval_11-May-2012.tar": Published(
        "voc", "2012", 1999639040, "e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb"
    ),
    "VOC2012test.tar": Published(
        "voc", "2012", 1850626560, "f08582b1935816c5eab3bbb1eb6d06201a789eaa173cdf1cf400c26f0cac2fb3"
    ),
    "data_object_image_2.zip": Published(
        "kitti", "", 12569945557, "351c5a2aa0cd9238b50174a3a62b846bc5855da256b82a196431d60ff8d43617"
    ),
    "data_object_label_2.zip": Published(
        "kitti", "", 5601213, "4efc76220d867e1c31bb980bbf8cbc02599f02a9cb4350effa98dbb04aaed880"
    ),
    "dev-clean.tar.gz": Published(
        "librispeech", "", 337926286, "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3"
    ),
    "dev-other.tar.gz": Published(
        "librispeech", "", 314305928, "12661c48e8c3fe1de2c1caa4c3e135193bfb1811584f11f569dd12645aa84365"
    ),
    "test-clean.tar.gz": Published(
        "librispeech", "", 346663984, "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23"
    ),
    "test-other.tar.gz": Published(
        "librispeech", "", 328757843, "d09c181bba5cf717b3dee7d4d592af11a3ee3a09e08ae025c5506f6ebe961c29"
    ),
    "train-clean-100.tar.gz": Published(
        "librispeech", "", 6387309499, "d4ddd1d5a6ab303066f14971d768ee43278a5f2a0aa43dc716b0e64ecbbbf6e2"
    ),
    "train-clean-360.tar.gz": Published(
        "librispeech", "", 23049477885, "146a56496217e96c14334a160df97fffedd6e0a04e66b9c5af0d40be3c792ecf"
    ),
    "train-other-500.tar.gz": Published(
        "librispeech", "", 30593501606, "ddb22f27f96ec163645d53215559df6aa36515f26e01dd70798188350adcb6d2"
    ),
    "CoLA.zip": Published("glue", "", 376971, "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff"),
    "MNLI.zip": Published("glue", "", 312783507, "e7c1d896d26ed6caf700110645df426cc2d8ebf02a5ab743d5a5c68ac1c83633"),
    "QNLIv2.zip": Published("glue", "", 10627589, "e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5"),
    "QQP.zip": Published("glue", "", 41696084, "40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0"),
    "RTE.zip": Published("glue", "", 697150, "6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee"),
    "SST-2.zip": Published("glue", "", 7439277, "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa"),
    "STS-B.zip": Published("glue", "", 802872, "e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85"),
    "WNLI.zip": Published("glue", "", 28999, "ae0e8e4d16f4d46d4a0a566ec7ecceccfd3fbfaa4a7a4b4e02848c0f2561ac46"),
}
"""Sizes and hashes as TensorFlow Datasets 4.9 records them, those of CIFAR for Python as Keras 3.15 does."""
TEXTS = {
    "train-v1.1.json": (30288272, "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"),
    "dev-v1.1.json": (4854279, "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9"),
    "train-v2.0.json": (42123633, "68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002"),
    "dev-v2.0.json": (4370528, "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8"),
}
"""SQuAD's files → their size and hash, from the same place."""


def published_files(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give the archives of known data sets. One that is as long as published is whole, whatever takes time to prove."""
    for name in listing.ending(".gz", ".zip", ".tar"):
        known = PUBLISHED.get(name)
        if known is None and not name.startswith("ILSVRC2012_"):
            continue
        path = listing.path(name)
        there = listing.files.stat(path)
        if there is None or there.is_folder:
            continue
        known = known or Published("imagenet", "", 0)
        state, reason = _state(listing, path, there.size, known)
        yield data_set(
            known.dataset,
            "archive",
            path,
            origin,
            state,
            root=listing.folder,
            version=known.version or None,
            size=there.size,
            reason=reason,
            told={"archive": name, "sha256": known.sha256 if there.size == known.size and known.sha256 else None},
        )


def _state(listing: Listing, path: str, size: int, known: Published) -> tuple[str, str]:
    if known.size and 0 < size < known.size:
        return PARTIAL, f"{size} of {known.size} bytes are there"
    if known.size and size == known.size:
        return COMPLETE, ""
    state, reason = archive_state(listing.files, path)
    return (state, reason) if state == BROKEN else (UNKNOWN, "")
