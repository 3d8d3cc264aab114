/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A prober, its event loop and real packets: one peer behind a router whose far link takes 1400
 * bytes. Needs root and ip(8). Include cmocka.h first. */
#pragma once

#include <errno.h>
#include <limits.h>

#include "base/clock.h"
#include "daemon/paths/prober.h"
#include "probe_net.h"
#include "tunnel_world.h"

#define FAR_ADDRESS "198.51.100.2"
#define SILENT_ADDRESS "203.0.113.7"

static char folder[] = "/tmp/mssclamp-prober-XXXXXX";

/* A prober and who owns it. */
struct stage {
	sd_event *event;
	struct config *config;
	struct prober *prober;
	struct world world;
	bool nobody;            /* no far end is there any more */
	unsigned int fills, changes, contradictions, waits, ends, gone;
	struct probe_report last; /* the waiter's, finished */
	uint32_t heard, answered; /* own probes */
};

static inline void on_changed(void *userdata)
{
	struct stage *stage = userdata;

	stage->changes++;
}

static inline void on_contradiction(void *userdata, const struct probe_target *target)
{
	struct stage *stage = userdata;

	assert_non_null(target);
	stage->contradictions++;
}

static inline void fill(void *userdata, struct probe_target_input *ret_input)
{
	static const struct tunnel_set none;
	struct stage *stage = userdata;

	stage->fills++;
	*ret_input = (struct probe_target_input){
		.set = stage->nobody ? &none : stage->world.set,
		.find_way = find_way, .userdata = &stage->world,
	};
}

static inline void on_told(const struct probe_report *report, void *userdata)
{
	struct stage *stage = userdata;

	if (report && report->finished) {
		stage->ends++;
		stage->last = *report;
	} else if (report) {
		stage->waits++;
	} else {
		stage->gone++;
	}
}

static inline void open_prober(struct stage *stage)
{
	const struct prober_owner owner = { on_changed, on_contradiction, fill, stage };

	assert_int_equal(prober_open(stage->event, stage->config, &owner, &stage->prober), 0);
	stage->changes += prober_recall(stage->prober); /* which is not told again */
	prober_follow(stage->prober);
}

/* A peer at that address. Nothing is remembered. */
static inline void begin(struct stage *stage, const char *endpoint, bool automatic)
{
	struct config_report report;
	char state[PATH_MAX];

	*stage = (struct stage){ 0 };
	open_world(&stage->world);
	add_link(&stage->world, 7, "wg0", "wireguard", 1420);
	add_peer(&stage->world, 7, endpoint, NULL, ENCAP_WIREGUARD);
	build(&stage->world);
	assert_int_equal(config_load("/dev/null", CONFIG_ABSENT_WARNS, &stage->config, &report), 0);
	config_report_done(&report);
	snprintf(state, sizeof(state), "%s/paths", folder);
	unlink(state);
	free(stage->config->path.state);
	stage->config->path.state = strdup(state);
	stage->config->path.probe = automatic;
	stage->config->path.rate_pps = 100;
	assert_true(sd_event_new(&stage->event) >= 0);
	open_prober(stage);
}

static inline void end(struct stage *stage)
{
	prober_close(stage->prober);
	sd_event_unref(stage->event);
	config_free(stage->config);
	close_world(&stage->world);
}

static inline void run_for(struct stage *stage, uint64_t ms)
{
	uint64_t end_ns = clock_boottime_ns() + ms * NS_PER_MS;

	while (clock_boottime_ns() < end_ns)
		assert_true(sd_event_run(stage->event, 20000) >= 0);
}

static inline void run_until(struct stage *stage, const unsigned int *count, unsigned int what)
{
	uint64_t end_ns = clock_boottime_ns() + 10 * NS_PER_SECOND;

	while (*count < what) {
		if (clock_boottime_ns() > end_ns)
			fail_msg("not within 10 s");
		assert_true(sd_event_run(stage->event, 20000) >= 0);
	}
}

static inline uint64_t sent(const struct stage *stage)
{
	return prober_totals(stage->prober).sent;
}

static inline int set_up(void **state)
{
	if (!mkdtemp(folder) || set_up_net(state) < 0)
		return -1;
	return run_in(NEAR, "echo 0 0 >/proc/sys/net/ipv4/ping_group_range");
}

static inline int tear_down(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : -1;
}
