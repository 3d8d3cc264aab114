#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""connect.py CLIENT_NETNS SERVER_NETNS BYTES ADDRESS...: a TCP connection to each, with BYTES each way.

Prints the MSS that the server, then the client, may send: what is left of the other one's option.
Timestamps must be off in both namespaces; read before data flows, so that ICMP cannot have changed it.
A namespace "-" is the one this runs in. CONNECT_PAUSE is a time in seconds between two connections.
"""
import ctypes
import os
import socket
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
SECONDS = 20


def enter(netns):
    if netns == "-":
        return
    handle = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter network namespace {netns}")
    os.close(handle)


def receive(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length)
        if not part:
            break
        data += part
    return data


def mss(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def connection(client_netns, server_netns, address, length):
    """Makes one connection, prints its two limits, and compares what comes back."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sent = os.urandom(length)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    enter(server_netns)
    listener = socket.create_server((address, 0), family=family)
    listener.settimeout(SECONDS)
    ctypes.CDLL(None).setns(here, CLONE_NEWNET)
    enter(client_netns)
    client = socket.create_connection(listener.getsockname()[:2], timeout=SECONDS)
    ctypes.CDLL(None).setns(here, CLONE_NEWNET)
    server = listener.accept()[0]
    server.settimeout(SECONDS)
    print(mss(server), mss(client), flush=True)
    threading.Thread(target=lambda: server.sendall(receive(server, length)), daemon=True).start()
    client.sendall(sent)
    if receive(client, length) != sent:
        sys.exit("what came back is not what was sent")


def main():
    client_netns, server_netns, length, *addresses = sys.argv[1:]
    for address in addresses:
        connection(client_netns, server_netns, address, int(length))
        time.sleep(float(os.environ.get("CONNECT_PAUSE", "0")))


main()
