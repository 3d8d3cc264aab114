/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources that cannot be opened or read, in place of those of the daemon. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"

#define PATIENCE_NS (60 * NS_PER_SECOND)

/* What the fake sources do and have seen. */
static struct {
	unsigned int opens_that_fail;
	unsigned int opened, closed, read, others_read;
	unsigned int stale;
	uint64_t opened_ns;
} seen;

static int open_broken(struct discovery *discovery)
{
	(void)discovery;
	seen.opened_ns = clock_boottime_ns();
	return seen.opened++ < seen.opens_that_fail ? -ENOBUFS : 0;
}

static void close_broken(struct discovery *discovery)
{
	(void)discovery;
	seen.closed++;
}

static int read_broken(struct discovery *discovery, const struct source_look *look,
		       struct peer_list *peers, uint64_t *ret_poll_ns)
{
	struct peer peer = { .id = strdup("one"), .ifindex = 7 };
	int r = peer_list_append(peers, &peer);

	(void)discovery;
	(void)look;
	(void)ret_poll_ns;
	seen.read++;
	peer_done(&peer);
	return r;
}

static int read_other(struct discovery *discovery, const struct source_look *look,
		      struct peer_list *peers, uint64_t *ret_poll_ns)
{
	(void)discovery;
	(void)look;
	(void)peers;
	(void)ret_poll_ns;
	seen.others_read++;
	return 0;
}

const struct source discovery_sources[] = {
	{ "broken", open_broken, close_broken, read_broken },
	{ "other", NULL, NULL, read_other },
};
const size_t discovery_source_count = 2;

static void on_stale(void *userdata)
{
	(void)userdata;
	seen.stale++;
}

/* Runs the loop until a source is to be asked again. */
static void await_stale(sd_event *event)
{
	const uint64_t until_ns = clock_boottime_ns() + PATIENCE_NS;
	unsigned int before = seen.stale;

	while (seen.stale == before && clock_boottime_ns() < until_ns)
		assert_true(sd_event_run(event, 100000) >= 0);
	assert_true(seen.stale > before);
}

/* At the first look, and then every few seconds, whoever else has reason to look. */
static void one_that_cannot_be_opened_is_tried_again(void **state)
{
	struct discovery *discovery;
	struct config config = { 0 };
	sd_event *event;
	uint64_t failed_ns;
	size_t count;

	(void)state;
	seen.opens_that_fail = 2;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(discovery_open(event, NULL, on_stale, NULL, &discovery), 0);
	assert_int_equal(seen.opened, 1);
	assert_false(discovery_look(discovery, NULL, 0, &config));
	assert_int_equal(seen.opened, 2);
	assert_int_equal(seen.others_read, 1);
	failed_ns = seen.opened_ns;
	discovery_forget(discovery);
	assert_false(discovery_look(discovery, NULL, 0, &config));
	assert_int_equal(seen.opened, 2);
	assert_int_equal(seen.read, 0);
	await_stale(event);
	assert_true(discovery_look(discovery, NULL, 0, &config));
	assert_int_equal(seen.opened, 3);
	assert_true(seen.opened_ns - failed_ns >= 4 * NS_PER_SECOND);
	assert_int_equal(seen.read, 1);
	assert_int_equal(discovery_lists(discovery, &count)[0]->count, 1);
	discovery_forget(discovery);
	assert_false(discovery_look(discovery, NULL, 0, &config));
	assert_int_equal(seen.opened, 3);
	assert_int_equal(seen.read, 2);
	discovery_close(discovery);
	assert_int_equal(seen.closed, 1);
	sd_event_unref(event);
}

/* The reason is that of the opening, and no other. */
static void families_that_cannot_be_asked_for(void **state)
{
	struct rlimit files, none;
	struct discovery discovery = { 0 };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = files;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(source_genl_open(&discovery), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(discovery_find_families(&discovery), -EMFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_cannot_be_opened_is_tried_again),
		cmocka_unit_test(families_that_cannot_be_asked_for),
	};

	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
