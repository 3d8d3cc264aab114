#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hammer SOCKET CLIENTS: asks the daemon as fast as it answers, by so many connections with calls in
store on each, until stdin ends. Prints "ready" once each has had an answer, and at the end how many
answers there were."""

import json
import selectors
import socket
import sys

CALLS = [json.dumps({"method": f"org.mssclamp.{method}", "parameters": parameters}).encode() + b"\0"
         for method, parameters in (("GetStatus", {}), ("GetStats", {}), ("ListTunnels", {}), ("ListPeers", {}),
                                    ("Explain", {"flow": "192.0.2.2 -> 198.51.100.2"}), ("GetRules", {}))]
BATCH = b"".join(CALLS)


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    answers = {}
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        selector.register(client, selectors.EVENT_READ)
        client.sendall(BATCH)
        answers[client] = 0
    ready = False
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                print(sum(answers.values()), min(answers.values()), max(answers.values()))
                return
            part = key.fileobj.recv(1 << 16)
            if not part:
                sys.exit("the daemon hung up")
            before = answers[key.fileobj]
            answers[key.fileobj] += part.count(b"\0")
            for n in range(before, answers[key.fileobj]):
                key.fileobj.sendall(CALLS[n % len(CALLS)])  # so that as many as before are in store
        if not ready and min(answers.values()) > 0:
            ready = True
            print("ready", flush=True)


main()
