# SPDX-License-Identifier: GPL-2.0-or-later
"""What OpenVPN shows of itself, without OpenVPN: a status file, and a process that holds a tun
device."""

import contextlib
import subprocess
import sys

from netns import until

STATUS = """TITLE,OpenVPN 2.6.14 x86_64-pc-linux-gnu
TIME,2026-11-25 18:07:53,1795630073
HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,\
Bytes Sent,Connected Since,Connected Since (time_t),Username,Client ID,Peer ID,Data Channel Cipher
{clients}HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)
{routes}GLOBAL_STATS,Max bcast/mcast queue length,3
END
"""
CLIENT = ("CLIENT_LIST,{name},{real},{inside},,1863,1940,2026-11-25 18:07:48,1795630068,UNDEF,{id},"
          "{id},{cipher}\n")
ROUTE = "ROUTING_TABLE,{inside},{name},{real},2026-11-25 18:07:48,1795630068\n"

READER = """
import fcntl, os, struct, sys
device = os.open("/dev/net/tun", os.O_RDWR)
# TUNSETIFF: TUN, NO_PI
fcntl.ioctl(device, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1001))
print("open", flush=True)
while True:
    os.read(device, 65536)
"""


def write_status(file, clients, more=()):
    """clients: (name, real address, address inside, cipher); more: further addresses (routes) of
    the first one."""
    rows = [{"name": name, "real": real, "inside": inside, "cipher": cipher, "id": i}
            for i, (name, real, inside, cipher) in enumerate(clients)]
    text = STATUS.format(clients="".join(CLIENT.format(**row) for row in rows),
                         routes="".join(ROUTE.format(**row) for row in rows) +
                         "".join(ROUTE.format(**(rows[0] | {"inside": one})) for one in more))
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.rename(file)


@contextlib.contextmanager
def holding(namespace, device):
    """A program that holds the device, so that packets leave by it."""
    process = namespace.popen([sys.executable, "-c", READER, device], stdout=subprocess.PIPE,
                              text=True)
    try:
        assert process.stdout.readline() == "open\n"
        until(lambda: " state DOWN " not in namespace.run("ip", "link", "show", device).stdout,
              "the kernel has noticed that the device is open", 5)
        yield process
    finally:
        process.kill()
        process.wait()
