/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status file of OpenVPN that is looked at again and again. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "facts/change.h"
#include "proto/facts.h"

#define UNWHOLE_NS (10 * NS_PER_SECOND) /* since it was written last */

struct status_watch {
	struct stat seen; /* of what was read last; all 0: nothing */
	bool named; /* by the configuration: must exist and not be empty */
};

/* Reads the file when it has changed. A file that is being written is left for the next time, and
 * what was known stays; one that has gone has no clients, nor has one that cannot be read. Sets
 * `problem`, which is logged when it is another one; a file that is not whole has one after
 * UNWHOLE_NS, one that is empty if it is named. `file` in the status stays as it is. Returns a
 * change, or -ENOMEM. */
int status_watch_refresh(struct status_watch *watch, const char *path,
			 struct facts_status *status);
