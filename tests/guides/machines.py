# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines of a guide: a network namespace, a process namespace, and /etc, /run and /var of their
own, over those of the host. All of it ends with the process that holds it."""

import os
import pathlib
import subprocess

from daemon import BUILD, TOP
from netns import SLOW, Namespace, until

BIN = pathlib.Path(__file__).resolve().parent / "bin"
ENVIRONMENT = {"PATH": f"{BIN}:{BUILD}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "LC_ALL": "C.UTF-8", "TERM": "dumb", "COLUMNS": "100"}
# The tree of the VM lies below /run, which gets a layer like the others.
PREPARE = """
set -e
layers=$(mktemp -d)
mount -t tmpfs layers "$layers"
mkdir "$layers/tree"
[ ! -d /run/tree ] || mount --bind /run/tree "$layers/tree"
for name in etc run var; do
	mkdir "$layers/$name" "$layers/work.$name"
	mount -t overlay overlay "/$name" \\
		-o "lowerdir=/$name,upperdir=$layers/$name,workdir=$layers/work.$name"
done
[ ! -d /run/tree ] || mount --move "$layers/tree" /run/tree
umount -l "$layers" # the overlays hold what they need of it
rmdir "$layers"     # on the host's own disk
mkdir -p /run/mssclamp /var/lib/mssclamp
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
rm -rf /etc/mssclamp.conf /etc/mssclamp.conf.d
printf 'mssclamp:x:980:\\nmssclamp-admin:x:981:\\n' >>/etc/group
echo ready
sleep infinity &
wait # for whatever ends without a parent
"""


class Machine(Namespace):
    """One computer. Its addresses by IP version are for who connects to it."""

    def __init__(self, label, addresses):
        super().__init__(label)
        self.addresses = addresses
        self.sysctl("ipv4/tcp_timestamps", 0)  # the MSS that a socket tells is the option's then
        self.sysctl("ipv4/ping_group_range", "1 0")  # as Debian 12 begins
        self.holder = self.popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork",
             "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c", PREPARE],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert self.holder.stdout.readline() == "ready\n", f"{label} does not start"
        task = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        self.first = until(lambda: task.read_text(encoding="ascii").split(), "its first process")[0]

    def write(self, path, text):
        """A file of its own, for root alone."""
        file = pathlib.Path(f"/proc/{self.first}/root{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)

    def shell(self, script, check=True, seconds=30):
        """What a person types there, as root; ends at the first command that fails. The output
        comes by a file: what a command leaves in the background may hold it open."""
        with open(os.memfd_create("output"), "w+", encoding="utf-8", errors="replace") as output:
            done = subprocess.run(
                ["nsenter", "-t", self.first, "--mount", "--pid", "--net", f"--wd={TOP}",
                 "bash", "-e", "-o", "pipefail", "-c", script], env=ENVIRONMENT,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
                timeout=seconds * SLOW)
            output.seek(0)
            text = output.read()
        if check and done.returncode != 0:
            raise AssertionError(f"{self.label}: exit {done.returncode} of\n{script}\n{text}")
        return text

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        super().close()
