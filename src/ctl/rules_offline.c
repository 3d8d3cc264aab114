/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/remedy.h"
#include "ctl/client/client.h"
#include "ctl/rules.h"
#include "ctl/screen/output.h"
#include "edge/capability.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/heartbeat.h"
#include "edge/queue/queue_proc.h"

/* The defaults of the configuration: hooks, queues, and a fallback. */
#define DEFAULT_HOOKS (FIREWALL_FORWARD | FIREWALL_OUTPUT | FIREWALL_INPUT)
#define DEFAULT_QUEUE_FIRST 5000

/* The text of the rules, owned; NULL with *ret_error, -errno. */
static char *default_text(enum firewall_backend backend, int *ret_error)
{
	struct firewall_plan plan = {
		.hooks = DEFAULT_HOOKS,
		.queue_first = DEFAULT_QUEUE_FIRST,
		.queue_count = (uint16_t)cpu_queue_count(),
	};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		*ret_error = -errno;
		return NULL;
	}
	*ret_error = firewall_print(backend, &plan, out);
	if (backend == FIREWALL_NFTABLES)
		heartbeat_print(heartbeat_hooks(plan.hooks), out);
	if (fclose(out) != 0 && *ret_error == 0)
		*ret_error = -errno;
	if (*ret_error == 0)
		return text;
	free(text);
	return NULL;
}

int rules_default(const struct ctl *ctl, const char *format, json_t **ret_reply)
{
	enum firewall_backend backend =
		strcmp(format, "nft") == 0 ? FIREWALL_NFTABLES : FIREWALL_IPTABLES;
	json_t *reply;
	char *text;
	int r;

	text = default_text(backend, &r);
	if (!text)
		return output_fail(ctl, CTL_FAILED, NULL, "rules: cannot make the text: %s",
				   strerror(-r));
	reply = json_pack("{s:i, s:s, s:n, s:n, s:{s:n, s:n, s:n, s:n}, s:s, s:n}", "schema",
			  CTL_SCHEMA, "backend", firewall_backend_name(backend), "state",
			  "reinstalled_total", "counters", "forward", "output", "input",
			  "over_limit_total", "text", text, "diff");
	free(text);
	if (!reply)
		return output_fail(ctl, CTL_FAILED, NULL, "rules: out of memory");
	*ret_reply = reply;
	return CTL_OK;
}

#define STOP_HINT "Stop it first: systemctl stop " REMEDY_UNITS

/* Whether no mssclampd has a queue here, whatever its control socket is: it would put back at once
 * what is removed. */
static int check_queues(const struct ctl *ctl)
{
	uint16_t queue;
	int pid, r;

	r = queue_find_process("mssclampd", &queue, &pid);
	if (r > 0)
		return output_fail(ctl, CTL_FAILED, STOP_HINT,
				   "rules --remove: refused, mssclampd is running: process %d has "
				   "queue %u",
				   pid, queue);
	if (r < 0)
		return output_fail(ctl, CTL_UNKNOWN, "Use sudo.",
				   "rules --remove: cannot tell whether mssclampd has a queue: %s",
				   strerror(-r));
	return CTL_OK;
}

/* Whether nobody serves the socket: not a mssclampd that is just starting either. */
static int check_socket(const struct ctl *ctl)
{
	struct client_error error;
	int r = client_probe(ctl, &error);
	int code = CTL_OK;

	if (r > 0)
		code = output_fail(ctl, CTL_FAILED, STOP_HINT,
				   "rules --remove: refused, mssclampd is running, or started on "
				   "demand: somebody listens on %s",
				   ctl->socket);
	else if (r < 0)
		code = output_fail(ctl, error.code, error.hint,
				   "rules --remove: cannot tell whether mssclampd runs: %s",
				   client_error_text(&error));
	client_error_done(&error);
	return code;
}

int rules_remove(const struct ctl *ctl)
{
	char *error = NULL;
	json_t *done;
	int code, r;

	if (!capability_net_admin())
		return output_fail(ctl, CTL_DENIED, "Use sudo.",
				   "rules --remove: not permitted: needs root or CAP_NET_ADMIN "
				   "(you are uid %u)",
				   (unsigned int)geteuid());
	code = check_queues(ctl);
	if (code == CTL_OK)
		code = check_socket(ctl);
	if (code != CTL_OK)
		return code;
	r = firewall_remove_all(&error);
	if (r < 0) {
		code = output_fail(ctl, r == -EPERM || r == -EACCES ? CTL_DENIED : CTL_FAILED, NULL,
				   "rules --remove: %s", error ? error : strerror(-r));
		free(error);
		return code;
	}
	done = json_pack("{s:i, s:b}", "schema", CTL_SCHEMA, "removed", 1);
	if (ctl->json && done)
		output_json(ctl, done);
	else if (!ctl->quiet)
		puts("Removed: no rule of ours is left.");
	json_decref(done);
	return CTL_OK;
}
