/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/openvpn/status_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "facts/file.h"
#include "facts/openvpn/openvpn_status.h"

#define SETTLED_NS (200 * NS_PER_MS) /* OpenVPN writes line by line: younger ones may be cut */

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Since it was written. A time stamp from the future (a clock that was set back) is old: it will
 * not pass soon. */
static uint64_t age_ns(const struct stat *found)
{
	struct timespec now;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = ((int64_t)now.tv_sec - found->st_mtim.tv_sec) * (int64_t)NS_PER_SECOND +
	      (now.tv_nsec - found->st_mtim.tv_nsec);
	return age < 0 ? UINT64_MAX : (uint64_t)age;
}

static int set_problem(struct facts_status *status, const char *file, const char *text)
{
	if (text && status->problem && strcmp(status->problem, text) == 0)
		return CHANGE_NONE;
	if (!text && !status->problem)
		return CHANGE_NONE;
	free(status->problem);
	status->problem = text ? strdup(text) : NULL;
	if (text)
		log_warning("facts: %s: %s", file, text);
	return text && !status->problem ? -ENOMEM : CHANGE_LOUD;
}

/* Takes fresh; the file's name moves over, and the problem is told apart. */
static int replace(struct facts_status *status, struct facts_status *fresh, const char *problem)
{
	bool loud, quiet;
	int r;

	fresh->file = status->file;
	fresh->problem = status->problem;
	loud = !record_equal(&facts_status_shape, status, fresh, false);
	quiet = !record_equal(&facts_status_shape, status, fresh, true);
	status->file = status->problem = NULL;
	record_done(&facts_status_shape, status);
	*status = *fresh;
	r = set_problem(status, status->file, problem);
	return r != CHANGE_NONE ? r : loud ? CHANGE_LOUD : quiet ? CHANGE_QUIET : CHANGE_NONE;
}

static const char *problem_text(int r)
{
	switch (-r) {
	case 0:
		return NULL;
	case ENOENT:
		return "does not exist (or lies below /home, /root or /tmp, where mssclamp-facts "
		       "does not look)";
	case EISDIR:
		return "is no regular file";
	case EFBIG:
		return "has more than 16 MiB, so it is not read";
	case EBADMSG:
		return "is no status file of OpenVPN";
	default:
		return strerror(-r);
	}
}
_Static_assert(FILE_BYTES_MAX >> 20 == 16, "as the text says");

int status_watch_refresh(struct status_watch *watch, const char *path, struct facts_status *status)
{
	struct facts_status fresh = { 0 };
	struct stat found;
	size_t len;
	char *text;
	int r;

	if (stat(path, &found) < 0) {
		r = -errno;
		watch->seen = (struct stat){ 0 };
		return replace(status, &fresh, watch->named ? problem_text(r) : NULL);
	}
	if (same_stat(&found, &watch->seen) || age_ns(&found) < SETTLED_NS)
		return CHANGE_NONE;
	r = file_read(-1, path, FILE_BYTES_MAX, &text, &len, &found);
	if (r == 0) {
		r = openvpn_status_parse(text, len, &fresh);
		file_wipe(text, len);
	}
	if (r == -ENOMEM)
		return r;
	/* OpenVPN may write the first time after a minute. */
	if (r == -EAGAIN &&
	    (age_ns(&found) < UNWHOLE_NS || (found.st_size == 0 && !watch->named)))
		return CHANGE_NONE;
	if (r == -EAGAIN)
		return set_problem(status, status->file,
				   found.st_size == 0 ? "is empty" : "is not whole");
	watch->seen = found;
	/* What is no status file is looked at again when it has changed. */
	return replace(status, &fresh, problem_text(r));
}
