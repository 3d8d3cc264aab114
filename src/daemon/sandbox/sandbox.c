/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/account.h"
#include "base/array.h"
#include "base/denied.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rights.h"
#include "daemon/sandbox/filters.h"
#include "daemon/sandbox/places.h"
#include "daemon/sandbox/user.h"
#include "edge/queue/queue_proc.h"
#include "edge/queue/queue_setup.h"

#define USER "mssclamp"

/* Told by the kernel to root and the group that they have, which is root's. */
static const char *const kernel_files[] = {
	QUEUE_PROC_FILE, "/proc/net/ip_tables_names", "/proc/net/ip6_tables_names", NULL,
};

/* What it writes, then what it reads again by a reload. */
static int become_user(const struct config *config, const struct places *places,
		       const struct sandbox *sandbox)
{
	const struct user_need written[] = {
		{ sandbox->state_folder, W_OK | X_OK },
		{ config->path.state, R_OK | W_OK },
		{ sandbox->socket_folder, W_OK | X_OK },
	};
	const size_t count = COUNT(written);
	struct user_need *needs = calloc(count + places->file_count, sizeof(*needs));
	int r;

	if (!needs)
		return log_error(-ENOMEM, "cannot set up the sandbox");
	memcpy(needs, written, sizeof(written));
	for (size_t i = 0; i < places->file_count; i++)
		needs[count + i] = (struct user_need){ places->files[i], R_OK };
	if (geteuid() == 0)
		queue_load_module(); /* then its file is there */
	r = user_become(USER, kernel_files, needs, count + places->file_count);
	free(needs);
	return r;
}

int sandbox_check_files(const char *config_file, struct config_report *report)
{
	struct places places;
	int r = places_find(config_file, &places);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < places.file_count; i++) {
		const struct user_need need = { places.files[i], R_OK };

		if (!user_may(USER, &need))
			r = config_report_add(report, CONFIG_WARNING,
					      (struct config_where){ need.path, 0 }, NULL,
					      "user \"" USER "\", as which systemd starts "
					      "mssclampd, may not read it; \"chgrp " USER "\" and "
					      "\"chmod g+rX\" of the file, or of the folder "
					      "that is closed, give it");
	}
	places_done(&places);
	return r;
}

/* Not in root's group, which has more than that. */
static void check_queues_file(void)
{
	if (access(QUEUE_PROC_FILE, R_OK) == 0 || errno != EACCES)
		return;
	log_warning("queues: " QUEUE_PROC_FILE " is not for us to read, so nobody knows how full "
		    "they are and what passed them unseen, and sockets that were kept cannot be "
		    "gone on with; \"chgrp mssclamp\" gives it, as the unit does before a start");
}

/* Who has not even CAP_NET_ADMIN is told so when the queue is bound. *ret_text: what is left. */
static int drop_rights(const char **ret_text)
{
	uint64_t kept;
	int r = rights_keep(RIGHT(CAP_NET_ADMIN), &kept);

	if (r < 0)
		return log_error(r, "cannot give up capabilities");
	*ret_text = kept ? "CAP_NET_ADMIN alone" : "no capability";
	r = rights_close();
	return r < 0 ? log_error(r, "cannot give up core dumps and new privileges") : 0;
}

static const char *lock_memory(void)
{
	int r = memory_lock_all();

	if (r == 0)
		return "memory locked";
	if (r == -EPERM)
		log_info("memory: the limit of locked memory is %zu bytes, so only that of the "
			 "workers is locked; LimitMEMLOCK=infinity or \"ulimit -l unlimited\" lets "
			 "all of it be locked", memory_lock_limit());
	else
		log_print(LOG_NOTICE, "memory: cannot be locked: %s", strerrordesc_np(-r));
	return "the workers' memory locked";
}

/* What libraries read: names of groups, tables of nftables, time zones. Configuration is read anew
 * by a reload, from whatever inode its name then has, so folders are allowed and not the files. */
static int enter_landlock(const struct places *places, const struct sandbox *sandbox)
{
	const struct landlock_path always[] = {
		{ "/etc", LANDLOCK_READ },
		{ "/usr/share/iproute2", LANDLOCK_READ },
		{ "/usr/share/zoneinfo", LANDLOCK_READ },
		{ "/run/systemd/userdb", LANDLOCK_READ },
		{ "/proc/self", LANDLOCK_READ },
		{ "/proc/sys/net", LANDLOCK_READ },
		{ "/proc/sys/net/ipv4/route/flush", LANDLOCK_WRITE },
		{ "/dev/null", LANDLOCK_WRITE },
		{ "/dev/null", LANDLOCK_READ },
		{ "/dev/urandom", LANDLOCK_READ },
		{ sandbox->state_folder, LANDLOCK_KEEP },
		{ sandbox->socket_folder, LANDLOCK_KEEP },
#ifdef MSSCLAMP_SANITIZED
		{ "/", LANDLOCK_ANY }, /* reports go anywhere */
#endif
	};
	const size_t count = COUNT(always);
	struct landlock_path *paths = calloc(count + places->folder_count, sizeof(*paths));
	int r;

	if (!paths)
		return -ENOMEM;
	memcpy(paths, always, sizeof(always));
	for (size_t i = 0; i < places->folder_count; i++)
		paths[count + i] = (struct landlock_path){ places->folders[i], LANDLOCK_READ };
	r = landlock_enter(paths, count + places->folder_count);
	free(paths);
	return r;
}

static int limit_files(const struct places *places, struct sandbox *sandbox, char text[32])
{
	int r = enter_landlock(places, sandbox);

	if (r == -ENOMEM)
		return log_error(r, "cannot set up the sandbox");
	if (r == -EOPNOTSUPP)
		snprintf(text, 32, "no Landlock in this kernel");
	else if (r < 0)
		log_print(LOG_WARNING, "Landlock: cannot limit which files are opened: %s",
			  strerrordesc_np(-r));
	sandbox->files_limited = r > 0;
	if (r > 0)
		snprintf(text, 32, "Landlock ABI %d", r);
	else if (r != -EOPNOTSUPP)
		snprintf(text, 32, "no Landlock");
	return 0;
}

/* From here on nothing is executed, and no call succeeds that no table names. Returns 0 with or
 * without filters, where the kernel has none, or -errno. */
static int limit_calls(struct sandbox *sandbox, const char **ret_text)
{
	struct filter control = { 0 };
	int r = denied_watch();

	if (r == 0)
		r = filters_build_worker(&sandbox->worker);
	if (r == 0)
		r = filters_build_control(&control);
	if (r == 0)
		r = filter_enter(&control);
	filter_done(&control);
	*ret_text = r == 0 ? "system calls filtered" : "system calls not filtered";
	if (r == 0)
		return 0;
	filter_done(&sandbox->worker);
	if (r != -ENOSYS && r != -EINVAL)
		return log_error(r, "cannot make the filters of system calls");
	log_print(LOG_WARNING, "system calls are not filtered: %s; the kernel needs "
			       "CONFIG_SECCOMP_FILTER", strerrordesc_np(-r));
	return 0;
}

int sandbox_enter(const struct config *config, const char *config_file, struct sandbox *sandbox)
{
	const char *memory, *rights = NULL, *calls;
	struct places places;
	char files[32];
	int r;

	sandbox->state_folder = places_folder_of(config->path.state);
	sandbox->socket_folder = places_folder_of(config->control.socket);
	if (!sandbox->state_folder || !sandbox->socket_folder ||
	    places_find(config_file, &places) < 0)
		return log_error(-ENOMEM, "cannot set up the sandbox");
	account_load_groups(); /* a reload may name others */
	memory = lock_memory(); /* who is root may raise the limit */
	r = become_user(config, &places, sandbox);
	if (r == 0)
		r = drop_rights(&rights);
	if (r == 0)
		r = limit_files(&places, sandbox, files);
	places_done(&places);
	if (r < 0)
		return r;
	check_queues_file();
	r = limit_calls(sandbox, &calls);
	if (r < 0)
		return r;
	log_info("sandbox: user %u, %s, %s, %s, %s", geteuid(), rights, files, calls, memory);
	return 0;
}

void sandbox_done(struct sandbox *sandbox)
{
	filter_done(&sandbox->worker);
	free(sandbox->state_folder);
	free(sandbox->socket_folder);
	*sandbox = (struct sandbox){ 0 };
}

/* "queue-5000", or "a child", that may also be a thread that has ended. */
static void name_thread(pid_t thread, char name[32])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", thread);
	file = fopen(path, "re");
	if (!file || !fgets(name, 32, file))
		snprintf(name, 32, "a child");
	name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}

void sandbox_report(uint64_t now_ns)
{
	unsigned int place = 0;
	struct denied denied;
	char name[32];

	while (denied_next(&place, now_ns, &denied)) {
		name_thread(denied.thread, name);
		log_print(LOG_ERR,
			  "sandbox: %s (%d) tried the system call %s, which was refused with EPERM "
			  "(%llu times, %llu in all); that is a bug, or code that is not ours: "
			  "please report it", name, denied.thread, denied.call,
			  (unsigned long long)denied.times, (unsigned long long)denied.total);
	}
}

/* Whether two names lead to one folder. */
static bool same(const char *a, const char *b)
{
	struct stat of_a, of_b;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

bool sandbox_allows(const struct sandbox *sandbox, const char *path)
{
	char *folder;
	bool allowed;

	if (!sandbox->files_limited)
		return true;
	folder = places_folder_of(path);
	allowed = folder && (same(folder, sandbox->state_folder) ||
			     same(folder, sandbox->socket_folder));
	free(folder);
	return allowed;
}
