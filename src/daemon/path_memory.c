/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/path_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "edge/state_file.h"

#define SAY_AGAIN_NS (3600 * NS_PER_SECOND)

struct path_memory_clock path_memory_now(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct path_memory_clock){
		.boot_ns = (int64_t)clock_boottime_ns(),
		.wall_ns = (int64_t)wall.tv_sec * (int64_t)NS_PER_SECOND + wall.tv_nsec,
	};
}

/* It stays for whoever wants to know what happened, and the next save finds its place free. */
static void set_aside(const char *file, const char *why)
{
	int r = state_file_set_aside(file);

	if (r < 0)
		log_error(r, "%s: %s, so nothing is remembered of paths; it cannot be set aside",
			  file, why);
	else
		log_warning("%s: %s, so nothing is remembered of paths; it was set aside as "
			    "%s" STATE_FILE_DAMAGED, file, why, file);
}

static void parse(const char *file, const char *text, size_t len,
		  const struct path_memory_clock *now, struct path_memory *ret_memory)
{
	size_t strange = 0;
	int r = path_memory_parse(text, len, now, ret_memory, &strange);

	if (r == -EBADMSG)
		set_aside(file, "damaged, or of another version");
	else if (r < 0)
		log_error(r, "%s: cannot be read", file);
	else if (strange > 0)
		log_warning("%s: %zu entr%s of no use left out", file, strange,
			    strange == 1 ? "y" : "ies");
}

void path_memory_load(const char *file, const struct path_memory_clock *now,
		      struct path_memory *ret_memory)
{
	char *text;
	size_t len;
	int r = state_file_read(file, PATH_MEMORY_BYTES_MAX, &text, &len);

	*ret_memory = (struct path_memory){ 0 };
	if (r == 0) {
		parse(file, text, len, now, ret_memory);
		free(text);
	} else if (r == -EFBIG) {
		set_aside(file, "larger than anything that was written here");
	} else if (r != -ENOENT) {
		log_error(r, "%s: cannot be read, so nothing is remembered of paths", file);
	}
}

void path_memory_say(const char *file, int error, struct path_memory_said *said)
{
	uint64_t suppressed;

	if (error != said->error)
		said->limit = (struct log_ratelimit){ 0 };
	if (error == 0 && said->error != 0)
		log_notice("%s: what is measured of paths is kept again", file);
	if (error < 0 &&
	    log_may_speak(&said->limit, clock_boottime_ns(), SAY_AGAIN_NS, &suppressed))
		log_error(error, "%s: what is measured of paths cannot be kept over a restart",
			  file);
	said->error = error;
}
