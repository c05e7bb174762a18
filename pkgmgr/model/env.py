"""The env document: requirements, variables and tasks under one name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from pkgmgr.model.operation import Operation
from pkgmgr.model.package import AnyStep, Condition, Require
from pkgmgr.model.soft import Document

Setting = str | int | float | bool


class Param(Document, frozen=True, kw_only=True):
    """A value that a person may set: ``--set NAME=VALUE``."""

    default: Setting
    choices: tuple[Setting, ...] = ()
    default_for: Mapping[str, Setting] = {}
    """Target glob → the default there."""
    summary: str = ""


class Expect(Document, frozen=True, kw_only=True):
    """What a task's run must give, or it has failed."""

    stdout: str = ""
    """Regular expression searched in the output."""


class Carry(Document, frozen=True, kw_only=True):
    """What a task's program needs on a machine that has no files of this one: it is made into one folder."""

    program: str = ""
    """The program; texts may hold ``{names}``. Default: the first word of ``run``."""
    files: Mapping[str, str] = {}
    """Place in the folder → the file or folder that goes there."""
    libraries: tuple[str, ...] = ()
    """Folders with libraries, besides those of the libraries that the env requires. What the program needs comes along,
    the loader and the C library too if they are found here."""
    when: Condition = {}
    """Only if params or the target have these values."""
    args: tuple[str, ...] = ()
    """What the folder's run script passes on if it is given nothing; ``*`` stands for files of the folder."""


class Task(Document, frozen=True, kw_only=True):
    """Something to run inside the env."""

    run: tuple[str, ...] = ()
    """The program and its arguments; texts may hold ``{names}``. Params are also passed as variables."""
    summary: str = ""
    step: tuple[AnyStep, ...] = ()
    """What to build first, with the steps of packages, in a build folder of its own."""
    on: str = "host"
    """``target``: run the program on the target, through its emulator or command if that is not the host."""
    folder: str = ""
    """Where to run; default: the env's own folder."""
    params: Mapping[str, Param] = {}
    metrics: str = ""
    """JSON file, relative to the run's folder, that the program writes its figures to."""
    expect: Expect = msgspec.field(default_factory=Expect)
    env: tuple[Operation, ...] = ()
    after: tuple[str, ...] = ()
    """Tasks to run first."""
    carry: Carry | None = None
    """What goes to a target with a device. Default, for a task that runs ``on`` the target: its program alone."""


class TargetSection(Document, frozen=True, kw_only=True):
    """What is different for some targets."""

    requires: tuple[str | Require, ...] = ()
    env: tuple[Operation, ...] = ()
    sysroot: str = ""
    """Folder with the target's C library, for running its dynamic programs under an emulator; texts may hold
    ``{compiler.prefix}`` and the like. Without it, static programs are built where this host has no such folder."""


class Env(Document, frozen=True, kw_only=True):
    """An environment, from ``envs/<name>/env.toml`` or a project's own folder."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    summary: str = ""
    targets: tuple[str, ...] = ()
    """The targets it is meant for; empty: the host."""
    include: tuple[str, ...] = ()
    """Other envs, by name or path, whose requirements and variables come first."""
    requires: tuple[str | Require, ...] = ()
    env: tuple[Operation, ...] = ()
    params: Mapping[str, Param] = {}
    """Params that requirements may use, as ``{NAME}``, and that all tasks have."""
    target: Mapping[str, TargetSection] = {}
    """Target glob → what comes on top there."""
    tasks: Mapping[str, Task] = {}
    default_task: str = ""
    accept: Mapping[str, str] = {}
    """Soft → how much a detected entry may differ from the locked one: exact, compatible, any, or a range."""
    conflicts: tuple[Condition, ...] = ()
    instead: Mapping[str, str] = {}
    """Target glob → the target to build for where nothing here makes programs of the one wanted. Its programs must run
    there with what is carried along."""
