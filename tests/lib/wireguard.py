# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of WireGuard."""

import subprocess


def wireguard_keys():
    """A private key and its public one."""
    private = subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout
    public = subprocess.run(["wg", "pubkey"], input=private, check=True, capture_output=True,
                            text=True).stdout
    return private.strip(), public.strip()
