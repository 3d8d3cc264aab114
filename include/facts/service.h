/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serves one client at a time, on a connected socket or on a listening one. */
#pragma once

/* Serves a connected socket until the client goes. Takes fd. Returns 0, or -errno, logged. */
int service_run_connected(int fd);

/* Serves clients of a listening Unix socket, one after the other: uid 0, and the owner of the
 * socket's file. Ends when nobody has come for a while: systemd starts it again. Takes fd. Returns
 * 0, or -errno, logged. */
int service_run_listening(int fd);
