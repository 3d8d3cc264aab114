/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd says. */
#include <string.h>

#include "ctl/client/client.h"
#include "ctl/client/client_absent.h"
#include "ctl/doctor/facts.h"

/* Nobody answers there; who has a queue runs all the same. */
static enum doctor_daemon look_for(const struct ctl *ctl, struct client_error *error,
				   struct doctor_facts *facts)
{
	struct client_absence absence = client_explain_absence(ctl, error);

	if (absence.what != CLIENT_UNFOUND)
		return DOCTOR_DAEMON_ABSENT;
	facts->daemon_pid = absence.pid;
	facts->daemon_remedy = absence.remedy;
	return DOCTOR_DAEMON_SILENT;
}

static enum doctor_daemon daemon_of(const struct ctl *ctl, struct client_error *error,
				    struct doctor_facts *facts)
{
	if (error->code == CTL_NOT_RUNNING)
		return look_for(ctl, error, facts);
	return error->code == CTL_DENIED ? DOCTOR_DAEMON_DENIED : DOCTOR_DAEMON_SILENT;
}

static void ask_status(const struct ctl *ctl, struct doctor_facts *facts)
{
	struct client_error error;

	if (client_try(ctl, "GetStatus", NULL, &facts->status, &error) < 0) {
		facts->status = NULL;
		facts->daemon = daemon_of(ctl, &error, facts);
		facts->daemon_why = strdup(client_error_text(&error));
	} else {
		facts->daemon = DOCTOR_DAEMON_ANSWERS;
	}
	client_error_done(&error);
}

void doctor_gather_daemon(const struct ctl *ctl, struct doctor_facts *facts)
{
	ask_status(ctl, facts);
	if (!facts->status)
		return;
	facts->rules = client_get(ctl, "GetRules", NULL);
	facts->tunnel_list = client_get(ctl, "ListTunnels", NULL);
	facts->stats = client_get(ctl, "GetStats", NULL); /* before SYNs of ours are in it */
	doctor_gather_syns(ctl, facts);
}
