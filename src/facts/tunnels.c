/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/tunnels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "facts/holder.h"
#include "facts/openvpn/openvpn_process.h"
#include "facts/openvpn/status_watch.h"

#define SEARCH_NS (5 * NS_PER_SECOND)
#define SEARCH_SHARE 100 /* a search costs at most one part of so many of the time */
#define WARNING_MAX 256

struct tunnel_watch {
	struct holder holder;
	char *status_file; /* as the configuration names it, or NULL */
	char status_path[OPENVPN_STATUS_PATH_MAX]; /* where it is open; "" not found yet */
	struct status_watch status;
};

/* A search under way. */
struct search {
	struct tunnels *tunnels;
	const struct facts_question *question;
	int change;
};

static bool is_asked(const struct facts_question *question, const char *ifname)
{
	for (size_t i = 0; i < question->tun.count; i++) {
		if (strcmp(question->tun.list[i], ifname) == 0)
			return true;
	}
	for (size_t i = 0; i < question->dco.count; i++) {
		if (strcmp(question->dco.list[i], ifname) == 0)
			return true;
	}
	return false;
}

static bool is_watched(const struct tunnels *tunnels, const char *ifname)
{
	for (size_t i = 0; i < tunnels->watches.count; i++) {
		if (strcmp(tunnels->watches.list[i].holder.ifname, ifname) == 0)
			return true;
	}
	return false;
}

static bool is_missing(const struct tunnels *tunnels, const struct facts_question *question)
{
	for (size_t i = 0; i < question->tun.count; i++) {
		if (!is_watched(tunnels, question->tun.list[i]))
			return true;
	}
	for (size_t i = 0; i < question->dco.count; i++) {
		if (!is_watched(tunnels, question->dco.list[i]))
			return true;
	}
	return false;
}

static void forget(struct tunnels *tunnels, size_t place)
{
	struct tunnel_watch *watch = &tunnels->watches.list[place];
	struct facts_tunnel *tunnel = &tunnels->facts.tunnels.list[place];
	const size_t behind = tunnels->watches.count - place - 1;

	free(watch->status_file);
	record_done(&facts_tunnel_shape, tunnel);
	memmove(watch, watch + 1, behind * sizeof(*watch));
	memmove(tunnel, tunnel + 1, behind * sizeof(*tunnel));
	tunnels->watches.count--;
	tunnels->facts.tunnels.count--;
}

static int forget_gone(struct tunnels *tunnels, const struct facts_question *question)
{
	int change = CHANGE_NONE;

	for (size_t i = tunnels->watches.count; i-- > 0;) {
		const struct holder *holder = &tunnels->watches.list[i].holder;

		if (is_asked(question, holder->ifname) && holder_holds(holder))
			continue;
		forget(tunnels, i);
		tunnels_hurry(tunnels);
		change = CHANGE_LOUD;
	}
	return change;
}

/* Without a descriptor of the device only `dev` tells whose it is: its whole name, or the beginning
 * of one that no other process has. */
static const char *find_device(const struct search *search, const struct openvpn_process *process)
{
	const struct facts_question *question = search->question;
	const char *device = process->device ? process->device : "tun", *found = NULL;

	for (size_t i = 0; i < question->dco.count; i++) {
		const char *asked = question->dco.list[i];

		if (is_watched(search->tunnels, asked))
			continue;
		if (strcmp(asked, device) == 0)
			return asked;
		if ((strcmp(device, "tun") == 0 || strcmp(device, "tap") == 0) &&
		    strncmp(asked, device, 3) == 0) {
			if (found)
				return NULL;
			found = asked;
		}
	}
	return found;
}

/* Takes what the process has read; all of it may be empty. */
static int append(struct search *search, const struct holder *holder, const char *program,
		  struct openvpn_process *process)
{
	struct tunnels *tunnels = search->tunnels;
	struct tunnel_watch *watch = record_append(&tunnels->watches, sizeof(*watch));
	struct facts_tunnel *tunnel = watch ? record_append(&tunnels->facts.tunnels,
							    sizeof(*tunnel)) : NULL;
	struct facts_openvpn *openvpn;
	uid_t uid = 0;

	if (!tunnel) {
		tunnels->watches.count -= watch != NULL;
		return -ENOMEM;
	}
	(void)process_uid(holder->process.pid, &uid);
	watch->holder = *holder;
	watch->status_file = process->status_file;
	process->status_file = NULL;
	tunnel->ifname = strdup(holder->ifname);
	tunnel->program = strdup(program);
	tunnel->pid = holder->process.pid;
	tunnel->uid = uid;
	openvpn = process->facts.role ? record_append(&tunnel->openvpn, sizeof(*openvpn)) : NULL;
	if (openvpn) {
		*openvpn = process->facts;
		process->facts = (struct facts_openvpn){ 0 };
	}
	if (tunnel->ifname && tunnel->program && !process->facts.role)
		return 0;
	forget(tunnels, tunnels->watches.count - 1);
	return -ENOMEM;
}

/* A process that cannot be read is told by its name alone. */
static int take_holder(void *userdata, const struct holder *found)
{
	struct openvpn_process process = { 0 };
	struct search *search = userdata;
	char program[PROCESS_NAME_MAX];
	struct holder holder = *found;
	const char *device = found->ifname;
	int r = 0;

	if (*device && (!is_asked(search->question, device) || is_watched(search->tunnels, device)))
		return 0;
	if (process_name(holder.process.pid, program) < 0)
		return 0;
	if (strncmp(program, "openvpn", 7) == 0)
		r = openvpn_process_read(holder.process.pid, &process);
	if (r == 0 && !*device)
		device = find_device(search, &process);
	if (r != -ENOMEM && device && *device) {
		memmove(holder.ifname, device, strlen(device) + 1);
		r = append(search, &holder, program, &process);
		search->change = CHANGE_LOUD;
	}
	openvpn_process_done(&process);
	return r == -ENOMEM ? r : 0;
}

static int search(struct tunnels *tunnels, const struct facts_question *question,
		  const struct netns *netns, uint64_t now_ns)
{
	struct search search = { tunnels, question, CHANGE_NONE };
	uint64_t cost_ns;
	int r = holder_search(netns, take_holder, &search);

	cost_ns = clock_boottime_ns() - now_ns;
	tunnels->budget_ns = now_ns + cost_ns * SEARCH_SHARE;
	tunnels->search_ns = now_ns + SEARCH_NS;
	return r == -ENOMEM ? r : search.change;
}

static int add_status(struct facts_openvpn *openvpn, const char *file)
{
	struct facts_status *status = record_append(&openvpn->status, sizeof(*status));

	if (!status)
		return -ENOMEM;
	/* The protocol has whole paths; who reads it only wants to see where the facts are from. */
	if (asprintf(&status->file, "%s%s", *file == '/' ? "" : "/", file) < 0)
		status->file = NULL;
	if (status->file)
		return 0;
	openvpn->status.count--;
	return -ENOMEM;
}

static int refresh_status(struct tunnel_watch *watch, struct facts_tunnel *tunnel)
{
	struct facts_openvpn *openvpn = tunnel->openvpn.list;
	int r = CHANGE_NONE;
	bool added;

	if (tunnel->openvpn.count == 0 || !watch->status_file)
		return CHANGE_NONE;
	if (!*watch->status_path &&
	    openvpn_process_status(watch->holder.process.pid, watch->status_file,
				   watch->status_path) < 0)
		return CHANGE_NONE;
	added = openvpn->status.count == 0;
	if (added)
		r = add_status(openvpn, watch->status_file);
	if (r == 0)
		r = status_watch_refresh(&watch->status, watch->status_path,
					 openvpn->status.list);
	/* It opens the file anew when it starts over. */
	if (r >= 0 && watch->status.seen.st_ino == 0)
		watch->status_path[0] = '\0';
	return r >= 0 && added ? CHANGE_LOUD : r;
}

/* It may give up root behind its device, which decides the way that its packets go. */
static int refresh_uid(const struct tunnel_watch *watch, struct facts_tunnel *tunnel)
{
	uid_t uid;

	if (process_uid(watch->holder.process.pid, &uid) < 0 || tunnel->uid == uid)
		return CHANGE_NONE;
	tunnel->uid = uid;
	return CHANGE_LOUD;
}

static int make_warning(struct tunnels *tunnels, const struct facts_tunnel *tunnel)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn.list;
	char text[WARNING_MAX];

	if (tunnel->openvpn.count == 0)
		return 0;
	if (openvpn->unread)
		snprintf(text, sizeof(text),
			 "%s: a configuration file of OpenVPN (process %lld) can't be read; its "
			 "ciphers are a guess: set `tunnels` with cipher and auth",
			 tunnel->ifname, (long long)tunnel->pid);
	else if (strcmp(openvpn->role, "server") == 0 && openvpn->status.count == 0)
		snprintf(text, sizeof(text),
			 "%s: OpenVPN writes no status file, so all its clients get one limit: add "
			 "`status FILE` and `status-version 2` to its configuration",
			 tunnel->ifname);
	else
		return 0;
	return record_append_text(&tunnels->facts.warnings, text);
}

/* The warnings follow from the tunnels, so no change of theirs comes alone. */
static int make_warnings(struct tunnels *tunnels)
{
	struct facts *facts = &tunnels->facts;
	int r = 0;

	for (size_t i = 0; i < facts->warnings.count; i++)
		free(facts->warnings.list[i]);
	facts->warnings.count = 0;
	for (size_t i = 0; r == 0 && i < facts->tunnels.count; i++)
		r = make_warning(tunnels, &facts->tunnels.list[i]);
	return r;
}

int tunnels_refresh(struct tunnels *tunnels, const struct facts_question *question,
		    const struct netns *netns, uint64_t now_ns)
{
	int change = forget_gone(tunnels, question), r;

	if (now_ns >= tunnels->search_ns && now_ns >= tunnels->budget_ns &&
	    is_missing(tunnels, question)) {
		r = search(tunnels, question, netns, now_ns);
		if (r < 0)
			return r;
		change = change_larger(change, r);
	}
	for (size_t i = 0; i < tunnels->watches.count; i++) {
		struct tunnel_watch *watch = &tunnels->watches.list[i];
		struct facts_tunnel *tunnel = &tunnels->facts.tunnels.list[i];

		change = change_larger(change, refresh_uid(watch, tunnel));
		r = refresh_status(watch, tunnel);
		if (r < 0)
			return r;
		change = change_larger(change, r);
	}
	if (change == CHANGE_LOUD) {
		r = make_warnings(tunnels);
		if (r < 0)
			return r;
	}
	return change;
}

void tunnels_hurry(struct tunnels *tunnels)
{
	tunnels->search_ns = 0;
}

void tunnels_done(struct tunnels *tunnels)
{
	while (tunnels->watches.count > 0)
		forget(tunnels, tunnels->watches.count - 1);
	free(tunnels->watches.list);
	record_done(&facts_shape, &tunnels->facts);
	*tunnels = (struct tunnels){ 0 };
}
