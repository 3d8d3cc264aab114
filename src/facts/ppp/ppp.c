/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/ppp/ppp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/file.h"
#include "facts/ppp/ppp_options.h"
#include "facts/process.h"

#define PID_PATH_MAX 4096
#define PID_FILE_MAX 64
#define OPTIONS_MAX 65536

struct ppp_watch {
	struct process process;
};

/* pppd writes its pid, and the name of its device below it. */
static int read_pid(const char *folder, const char *ifname, struct process *ret_process)
{
	char path[PID_PATH_MAX], *text;
	size_t len;
	long pid;
	int r;

	snprintf(path, sizeof(path), "%s/%s.pid", folder, ifname);
	r = file_read(-1, path, PID_FILE_MAX, &text, &len, NULL);
	if (r < 0)
		return r;
	pid = strtol(text, NULL, 10);
	free(text);
	return pid > 0 && pid <= INT32_MAX ? process_find((pid_t)pid, ret_process) : -EBADMSG;
}

static int read_options(void *userdata, const char *path, char **ret_text, size_t *ret_len)
{
	const pid_t *pid = userdata;
	int root = file_open_root(*pid), r;

	if (root < 0)
		return root;
	r = file_read(root, path, OPTIONS_MAX, ret_text, ret_len, NULL);
	close(root);
	return r;
}

/* Returns 0, -ENOMEM, or another -errno where it is no pppd. */
static int read_pppd(struct process *process, const char *ifname, struct facts_ppp *ret_ppp)
{
	char name[PROCESS_NAME_MAX], *arguments = NULL;
	struct facts_ppp ppp;
	size_t len = 0;
	uid_t uid = 0;
	int r = process_name(process->pid, name);

	if (r == 0 && strncmp(name, "pppd", 4) != 0)
		r = -ESRCH;
	if (r == 0)
		r = process_uid(process->pid, &uid);
	if (r == 0)
		r = process_arguments(process->pid, &arguments, &len);
	if (r < 0)
		return r;
	r = ppp_options_parse(arguments, len, read_options, &process->pid, &ppp);
	file_wipe(arguments, len);
	if (r < 0)
		return r;
	ppp.ifname = strdup(ifname);
	ppp.pid = process->pid;
	ppp.uid = uid;
	if (!ppp.ifname) {
		record_done(&facts_ppp_shape, &ppp);
		return -ENOMEM;
	}
	*ret_ppp = ppp;
	return 0;
}

static void forget(struct ppp *ppp, size_t place)
{
	const size_t behind = ppp->watches.count - place - 1;

	record_done(&facts_ppp_shape, &ppp->facts.ppp.list[place]);
	memmove(&ppp->watches.list[place], &ppp->watches.list[place + 1],
		behind * sizeof(ppp->watches.list[0]));
	memmove(&ppp->facts.ppp.list[place], &ppp->facts.ppp.list[place + 1],
		behind * sizeof(ppp->facts.ppp.list[0]));
	ppp->watches.count--;
	ppp->facts.ppp.count--;
}

static bool is_asked(const struct facts_question *question, const char *ifname)
{
	for (size_t i = 0; i < question->ppp.count; i++) {
		if (strcmp(question->ppp.list[i], ifname) == 0)
			return true;
	}
	return false;
}

static bool is_known(const struct ppp *ppp, const char *ifname)
{
	for (size_t i = 0; i < ppp->facts.ppp.count; i++) {
		if (strcmp(ppp->facts.ppp.list[i].ifname, ifname) == 0)
			return true;
	}
	return false;
}

static int add(struct ppp *ppp, const char *ifname, const char *const *folders)
{
	struct ppp_watch watch, *watch_place;
	struct facts_ppp fresh, *place;
	int r;

	if (is_known(ppp, ifname))
		return CHANGE_NONE;
	for (r = -ENOENT; r < 0 && *folders; folders++)
		r = read_pid(*folders, ifname, &watch.process);
	if (r == 0)
		r = read_pppd(&watch.process, ifname, &fresh);
	if (r < 0)
		return r == -ENOMEM ? r : CHANGE_NONE;
	watch_place = record_append(&ppp->watches, sizeof(*watch_place));
	place = watch_place ? record_append(&ppp->facts.ppp, sizeof(*place)) : NULL;
	if (!place) {
		ppp->watches.count -= watch_place != NULL;
		record_done(&facts_ppp_shape, &fresh);
		return -ENOMEM;
	}
	*watch_place = watch;
	*place = fresh;
	return CHANGE_LOUD;
}

int ppp_refresh(struct ppp *ppp, const struct facts_question *question,
		const char *const *folders)
{
	int change = CHANGE_NONE, r;

	for (size_t i = ppp->watches.count; i-- > 0;) {
		if (is_asked(question, ppp->facts.ppp.list[i].ifname) &&
		    process_lives(&ppp->watches.list[i].process))
			continue;
		forget(ppp, i);
		change = CHANGE_LOUD;
	}
	for (size_t i = 0; i < question->ppp.count; i++) {
		r = add(ppp, question->ppp.list[i], folders);
		if (r < 0)
			return r;
		change = change_larger(change, r);
	}
	return change;
}

void ppp_done(struct ppp *ppp)
{
	record_done(&facts_shape, &ppp->facts);
	free(ppp->watches.list);
	*ppp = (struct ppp){ 0 };
}
