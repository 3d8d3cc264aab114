/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/status_watch.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "facts/file.h"
#include "facts/openvpn_status.h"

#define LARGE_NS (3600 * NS_PER_SECOND)
#define SETTLED_MS 200 /* OpenVPN writes line by line: what is younger may not be whole */

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A time stamp from the future (a clock that was set back) is settled: it will not pass soon. */
static bool is_settled(const struct stat *found)
{
	struct timespec now;
	int64_t age_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	age_ms = ((int64_t)now.tv_sec - found->st_mtim.tv_sec) * 1000 +
		 (now.tv_nsec - found->st_mtim.tv_nsec) / 1000000;
	return age_ms >= SETTLED_MS || age_ms < 0;
}

/* Takes fresh; the file's name moves over. */
static int replace(struct facts_status *status, struct facts_status *fresh)
{
	bool loud, quiet;

	fresh->file = status->file;
	loud = !record_equal(&facts_status_shape, status, fresh, false);
	quiet = !record_equal(&facts_status_shape, status, fresh, true);
	status->file = NULL;
	record_done(&facts_status_shape, status);
	*status = *fresh;
	return loud ? CHANGE_LOUD : quiet ? CHANGE_QUIET : CHANGE_NONE;
}

static void say_large(struct status_watch *watch, const char *path)
{
	uint64_t suppressed;

	if (log_may_speak(&watch->large, clock_boottime_ns(), LARGE_NS, &suppressed))
		log_warning("facts: %s: more than %u MiB, so it is not read: its clients stay "
			    "unknown",
			    path, FILE_BYTES_MAX >> 20);
}

int status_watch_refresh(struct status_watch *watch, const char *path, struct facts_status *status)
{
	struct facts_status fresh = { 0 };
	struct stat found;
	size_t len;
	char *text;
	int r;

	if (stat(path, &found) < 0) {
		watch->seen = (struct stat){ 0 };
		return replace(status, &fresh);
	}
	if (same_stat(&found, &watch->seen) || !is_settled(&found))
		return CHANGE_NONE;
	r = file_read(-1, path, FILE_BYTES_MAX, &text, &len, &found);
	if (r == 0) {
		r = openvpn_status_parse(text, len, &fresh);
		file_wipe(text, len);
	}
	if (r == -ENOMEM || r == -EAGAIN)
		return r == -ENOMEM ? r : CHANGE_NONE;
	if (r == -EFBIG)
		say_large(watch, path);
	watch->seen = found;
	/* What is no status file is looked at again when it has changed. */
	return replace(status, &fresh);
}
