/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status file of OpenVPN that is looked at again and again. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/log.h"
#include "facts/change.h"
#include "proto/facts.h"

struct status_watch {
	struct stat seen; /* of what was read last; all 0: nothing */
	struct log_ratelimit large; /* says that it is too large to be read */
};

/* Reads the file when it has changed. A file that is being written is left for the next time, and
 * what was known stays; one that has gone has no clients, nor has one above FILE_BYTES_MAX, which
 * is said. `file` in the status stays as it is. Returns a change, or -ENOMEM. */
int status_watch_refresh(struct status_watch *watch, const char *path,
			 struct facts_status *status);
