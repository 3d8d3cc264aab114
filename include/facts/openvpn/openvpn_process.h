/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running OpenVPN: its configuration, its version, and the status file that it has open. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "proto/facts.h"

#define OPENVPN_STATUS_PATH_MAX 64

/* The version that a program's file names itself by ("OpenVPN 2.6.14 x86_64... [SSL (OpenSSL)]"):
 * returns "2.6", owned, or NULL. Pure. */
char *openvpn_find_version(const char *image, size_t len);

struct openvpn_process {
	struct facts_openvpn facts;
	char *status_file; /* as `status` names it, or NULL */
	char *device;      /* as `dev` names it ("tun", "tun0"), or NULL */
};

/* Reads the command line and the files it names, as that process sees them. Returns 0 and what it
 * owns, or -errno. */
int openvpn_process_read(pid_t pid, struct openvpn_process *ret_process);
void openvpn_process_done(struct openvpn_process *process);

/* Where the process has the status file open, whatever folder, root or mount it knows it by:
 * "/proc/PID/fd/N". Returns 0 or -ENOENT. */
int openvpn_process_status(pid_t pid, const char *status_file, char path[OPENVPN_STATUS_PATH_MAX]);
