/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nobody answers at the socket: does a mssclampd run nevertheless? The kernel tells who owns its
 * queues. */
#pragma once

#include "ctl/client/client_error.h"
#include "ctl/options/ctl.h"

enum client_absent {
	CLIENT_ABSENT,    /* none has a queue of this network namespace */
	CLIENT_UNFOUND,   /* one does: it runs, and not where it was looked for */
	CLIENT_UNCERTAIN, /* that is not for us to see */
};

struct client_absence {
	enum client_absent what;
	int pid;            /* CLIENT_UNFOUND: of the process */
	const char *remedy; /* makes its socket anew; NULL: it was started by hand */
};

/* For an error CTL_NOT_RUNNING of who could not connect: has it tell all that is known, in message
 * and hint. Reads /proc, which takes its time where there are many processes: not for what asks
 * again and again. */
struct client_absence client_explain_absence(const struct ctl *ctl, struct client_error *error);
