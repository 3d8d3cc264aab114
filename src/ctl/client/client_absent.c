/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client/client_absent.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/remedy.h"
#include "edge/queue/queue_proc.h"

#define UNIT "/mssclampd.service"

/* Whether systemd has started a process as the unit. */
static bool is_of_unit(int pid)
{
	char path[32], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, UNIT) != NULL;
	if (file)
		fclose(file);
	return found;
}

static struct client_absence look_for(void)
{
	struct client_absence absence = { CLIENT_ABSENT, 0, NULL };
	uint16_t queue;
	int r = queue_find_process("mssclampd", &queue, &absence.pid);

	if (r < 0)
		absence.what = CLIENT_UNCERTAIN;
	if (r <= 0)
		return absence;
	absence.what = CLIENT_UNFOUND;
	if (is_of_unit(absence.pid))
		absence.remedy = REMEDY_SOCKET;
	return absence;
}

static void tell_unfound(const struct ctl *ctl, const struct client_absence *absence,
			 struct client_error *error)
{
	const char *lost = access(ctl->socket, F_OK) < 0 ? "the file of its socket is not there" :
							   "it does not listen there";
	char hint[256];

	if (absence->remedy)
		snprintf(hint, sizeof(hint), "%s recreates the file, and no SYN is lost (its "
			 "socket is elsewhere? -s PATH).", absence->remedy);
	else
		snprintf(hint, sizeof(hint), "It recreates the file by itself within seconds, "
			 "unless the folder is gone too: then end process %d and start it again "
			 "(its socket is elsewhere? -s PATH).", absence->pid);
	client_error_set(error, error->code, hint, "%s; but it runs, as process %d: %s",
			 client_error_text(error), absence->pid, lost);
}

struct client_absence client_explain_absence(const struct ctl *ctl, struct client_error *error)
{
	struct client_absence absence = look_for();

	switch (absence.what) {
	case CLIENT_ABSENT:
		break;
	case CLIENT_UNFOUND:
		tell_unfound(ctl, &absence, error);
		break;
	case CLIENT_UNCERTAIN:
		client_error_set(error, error->code, "Either the daemon is not running (systemctl "
				 "start " REMEDY_UNITS "), or the file of its socket was removed: "
				 "sudo mssclampctl status tells which.", "%s",
				 client_error_text(error));
		break;
	}
	return absence;
}
