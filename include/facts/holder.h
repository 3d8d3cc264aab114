/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process holds a tun or tap device: it has /dev/net/tun open, and the kernel names the
 * device in /proc/PID/fdinfo (drivers/net/tun.c tun_chr_show_fdinfo). */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#include "facts/process.h"

struct holder {
	char ifname[IF_NAMESIZE]; /* "" for an OpenVPN that holds none: the kernel does */
	struct process process;
	int fd; /* its descriptor of the device, -1 without */
};

/* Whether it holds the device still; without a descriptor: whether it lives. */
bool holder_holds(const struct holder *holder);

/* Looks through all processes of the network namespace. Tells of each device that any holds, and
 * of each OpenVPN that holds none. Returns 0, or what found returned where that is negative, or
 * -errno. */
int holder_search(const struct netns *netns,
		  int (*found)(void *userdata, const struct holder *holder), void *userdata);
