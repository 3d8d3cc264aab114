/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd gives up before it reads the first packet: root, capabilities, files, system
 * calls. In the order of doc/reliability.md; what a kernel lacks is said, and done without. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/filter.h"
#include "daemon/config/config.h"
#include "daemon/config/config_report.h"

struct sandbox {
	struct filter worker;   /* of each thread that reads packets */
	char *state_folder;     /* where files may be made; owned */
	char *socket_folder;
	bool files_limited;     /* by Landlock */
};

/* Closes the doors behind the calling thread, the only one. Logs what was done and what could not
 * be. Returns 0, or -errno where going on would be worse than to end. */
int sandbox_enter(const struct config *config, const char *config_file, struct sandbox *sandbox);
void sandbox_done(struct sandbox *sandbox);

/* For who checks the configuration as root: a warning for each of its files that the user whom
 * systemd starts mssclampd as could not read. Returns 0 or -ENOMEM. */
int sandbox_check_files(const char *config_file, struct config_report *report);

/* Logs which system calls were refused, if any, each once a minute. To be called now and then, and
 * at the end with UINT64_MAX. */
void sandbox_report(uint64_t now_ns);

/* Whether a file may be made at that path now. */
bool sandbox_allows(const struct sandbox *sandbox, const char *path);
