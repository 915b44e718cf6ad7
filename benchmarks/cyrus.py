"""Cyrus, as the Debian package cyrus-caldav has it: run from a folder, whoever runs it, beside any that is set up."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.caldav import USER

PROGRAMS = Path("/usr/lib/cyrus/bin")
# What the server keeps of what is told to it by programs; it makes none of these folders itself.
FOLDERS = (
    "collections",
    "state/db",
    "state/log",
    "state/msg",
    "state/proc",
    "state/ptclient",
    "state/socket",
    "state/user",
)
ACCOUNT = "cyrus"
"""Who the server becomes if root starts it."""
SETTINGS = """\
configdirectory: {folder}/state
defaultpartition: default
partition-default: {folder}/collections
cyrus_user: {account}
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN
allowplaintext: yes
httpmodules: caldav
caldav_create_attach: no
caldav_create_sched: no
autocreate_quota: 0
autocreate_post: yes
"""
SERVICES = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  http cmd="{programs}/httpd -C {folder}/imapd.conf" listen="127.0.0.1:{port}" prefork=1
  lmtp cmd="{programs}/lmtpd -C {folder}/imapd.conf -a" listen="{folder}/state/socket/lmtp"
}}
EVENTS {{
}}
"""


def prepare(folder: Path, port: int) -> None:
    """Writes the settings and makes the folders."""
    as_root = os.geteuid() == 0
    account = ACCOUNT if as_root else pwd.getpwuid(os.geteuid()).pw_name
    given = {"folder": folder, "port": port, "programs": PROGRAMS, "account": account}
    (folder / "imapd.conf").write_text(SETTINGS.format(**given))
    (folder / "cyrus.conf").write_text(SERVICES.format(**given))
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    if as_root:
        _give_away(folder)


def arguments(folder: Path, port: int) -> Sequence[str]:
    """Of the program that starts the others."""
    return ["-C", f"{folder}/imapd.conf", "-M", f"{folder}/cyrus.conf", "-p", f"{folder}/state/pid"]


def welcome(folder: Path) -> None:
    """Makes the user, whom the first message makes."""
    with smtplib.LMTP(f"{folder}/state/socket/lmtp") as post:
        post.sendmail("bench@example.com", [USER], b"Subject: Welcome\r\n\r\nWelcome.\r\n")


def _give_away(folder: Path) -> None:
    """The server must reach the folder and write to all in it."""
    folder.parent.chmod(0o711)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, ACCOUNT)
