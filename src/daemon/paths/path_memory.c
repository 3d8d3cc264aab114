/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/path_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/paths/path_remedy.h"
#include "edge/state_file.h"

#define SAY_AGAIN_NS (3600 * NS_PER_SECOND)
#define LOSS "nothing is remembered of paths"

struct path_memory_clock path_memory_now(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct path_memory_clock){
		.boot_ns = (int64_t)clock_boottime_ns(),
		.wall_ns = (int64_t)wall.tv_sec * (int64_t)NS_PER_SECOND + wall.tv_nsec,
	};
}

static void parse(const char *file, const char *text, size_t len,
		  const struct path_memory_clock *now, struct path_memory *ret_memory)
{
	size_t strange = 0;
	int r = path_memory_parse(text, len, now, ret_memory, &strange);

	if (r == -EBADMSG)
		state_file_give_up(file, "damaged, or of another version", LOSS);
	else if (r < 0)
		log_error(r, "%s: cannot be read", file);
	else if (strange > 0)
		log_warning("%s: %zu unusable entr%s left out", file, strange,
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
		state_file_give_up(file, "larger than anything that was written here", LOSS);
	} else if (r != -ENOENT) {
		log_error(r, "%s: cannot be read, so nothing is remembered of paths", file);
	}
}

static void say_failure(const char *file, int error)
{
	const struct path_writer writer = path_writer_self();
	struct path_remedy remedy = path_remedy_make(file, error, &writer);
	char *help = path_remedy_text(&remedy);

	log_print(LOG_ERR, "%s: what is measured of paths cannot be kept over a restart: %s%s",
		  file, strerror(-error), help ? help : "");
	free(help);
	path_remedy_done(&remedy);
}

void path_memory_say(const char *file, int error, struct path_memory_said *said)
{
	uint64_t now_ns = clock_boottime_ns(), suppressed;

	if (error != said->error)
		said->limit = (struct log_ratelimit){ 0 };
	if (!said->since_ns || (error == 0) != (said->error == 0))
		said->since_ns = now_ns;
	if (error == 0 && said->error != 0)
		log_notice("%s: what is measured of paths is kept again", file);
	if (error < 0 && log_may_speak(&said->limit, now_ns, SAY_AGAIN_NS, &suppressed))
		say_failure(file, error);
	said->error = error;
}
