/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small processes that do for mssclampd what it cannot do once its doors are closed: run a program.
 * Each is forked before that, can do one thing, takes nothing on trust that it is sent, and ends
 * when mssclampd does. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "edge/firewall/iptables_tool.h"

/* One of them, and a second that takes its place where it is killed: neither could be forked later
 * than before the doors are closed, but each makes a double of itself when it is told to. */
struct helper {
	const char *name; /* NULL: there was to be none */
	int fd;    /* socket; -1: none */
	int spare; /* of the second one; -1: none so far */
};

struct helpers {
	struct helper iptables;
	struct helper facts; /* only where mssclampd was started as root */
};

#define HELPERS_NONE ((struct helpers){ { NULL, -1, -1 }, { NULL, -1, -1 } })

/* Forks them. To be called while there is one thread and nothing is open that they should not have
 * seen; they close it all the same. title: the argument vector, of which they make their names.
 * Logs what went wrong; without a helper what it does is not done. */
void helpers_start(struct helpers *helpers, bool iptables, char **title);
void helpers_close(struct helpers *helpers);

/* Each second: where one has ended the second one takes its place and is doubled, which is logged,
 * as is where both are gone. */
void helpers_tend(struct helpers *helpers);
/* Whether there was to be one, and neither it nor its second is left. */
bool helper_is_lost(const struct helper *helper);

/* Has a program of iptables run, by a process of the helper's for this run alone: for struct
 * iptables_runner, userdata is a struct helpers. -EPIPE where the helper and its second are gone,
 * -ECONNRESET where that process ended before it had answered, -ETIME where it did not answer in
 * time, and is ended, -ECANCELED as child_run; -EINVAL where it refuses. */
int helpers_run_iptables(void *userdata, const struct iptables_request *request,
			 const char *input, struct child_result *ret_result);

/* Has mssclamp-facts started anew; the one before is ended. For struct facts_starter, userdata is a
 * struct helpers. Returns 0 and the owned, not blocking socket to it, or -errno: -EPIPE and
 * -ECANCELED as above, -ETIME where it takes too long; what comes of that later comes to nobody. */
int helpers_start_facts(void *userdata, int *ret_fd);
