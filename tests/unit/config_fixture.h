/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files of a test, in a folder of its own. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/config/config.h"

/* Each test has a folder of its own and reads main.conf there. */
struct fixture {
	char folder[64];
	char file[96];
	struct config *config;
	struct config_report report;
};

static inline int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	strcpy(fixture->folder, "/tmp/test_config.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->file, sizeof(fixture->file), "%s/main.conf", fixture->folder);
	*state = fixture;
	return 0;
}

static inline void forget(struct fixture *fixture)
{
	config_free(fixture->config);
	fixture->config = NULL;
	config_report_done(&fixture->report);
}

static inline int end(void **state)
{
	struct fixture *fixture = *state;
	char command[128];
	int r;

	forget(fixture);
	snprintf(command, sizeof(command), "rm -r %s", fixture->folder);
	r = system(command);
	free(fixture);
	return r;
}

static inline void write_bytes(const struct fixture *fixture, const char *name, const char *text,
			       size_t len)
{
	char path[192];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static inline void write_text(const struct fixture *fixture, const char *name, const char *text)
{
	write_bytes(fixture, name, text, strlen(text));
}

static inline int load(struct fixture *fixture)
{
	forget(fixture);
	return config_load(fixture->file, CONFIG_ABSENT_WARNS, &fixture->config, &fixture->report);
}

static inline int load_text(struct fixture *fixture, const char *text)
{
	write_text(fixture, "main.conf", text);
	return load(fixture);
}

/* The lines without the folder they all begin with, one "\n" behind each. */
static inline void assert_lines(const struct fixture *fixture, char **lines, size_t count,
				const char *expected)
{
	char text[8192] = "";
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		size_t skip = strlen(fixture->folder) + 1;

		assert_memory_equal(lines[i], fixture->folder, skip - 1);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", lines[i] + skip);
		assert_true(len < sizeof(text));
	}
	assert_string_equal(text, expected);
}

static inline void assert_report(const struct fixture *fixture, const char *errors,
				 const char *warnings, const char *notices)
{
	const struct config_report *report = &fixture->report;

	assert_lines(fixture, report->errors, report->error_count, errors);
	assert_lines(fixture, report->warnings, report->warning_count, warnings);
	assert_lines(fixture, report->notices, report->notice_count, notices);
}

/* What holds without any file. */
static inline void assert_defaults(const struct config *config)
{
	assert_int_equal(config->mode, MODE_QUEUE);
	assert_int_equal(config->firewall, FIREWALL_AUTO);
	assert_int_equal(config->hooks, FIREWALL_FORWARD | FIREWALL_OUTPUT | FIREWALL_INPUT);
	assert_true(config->fallback);
	assert_int_equal(config->queue_first, 5000);
	assert_int_equal(config->queue_count, 0);
	assert_int_equal(config->queue_max_packets, 8192);
	assert_int_equal(config->per_source, 0);
	assert_int_equal(config->rules->count, 0);
	assert_int_equal(config->tunnel_count, 0);
	assert_true(config->path.probe);
	assert_false(config->path.set_route_mtu);
	assert_int_equal(config->path.interval_ns, 600 * NS_PER_SECOND);
	assert_int_equal(config->path.rate_pps, 10);
	assert_int_equal(config->path.floor4, 576);
	assert_int_equal(config->path.floor6, 1280);
	assert_string_equal(config->path.state, "/var/lib/mssclamp/paths");
	assert_int_equal(config->mark_bits, 0x00ff0000);
	assert_string_equal(config->offload_backend, "nft");
	assert_false(config->insert_missing);
	assert_false(config->clamp_tcp_ao);
	assert_int_equal(config->low_mss.below4, 0);
	assert_int_equal(config->low_mss.below6, 0);
	assert_int_equal(config->low_mss.action, LOW_MSS_PASS);
	assert_int_equal(config->alerts.for_ns, 60 * NS_PER_SECOND);
	assert_true(config->alerts.fragments_per_second == 5.0);
	assert_true(config->alerts.retransmit_percent == 3.0);
	assert_true(config->alerts.fail_open_per_second == 1.0);
	assert_string_equal(config->alerts.command, "");
	assert_string_equal(config->control.socket, "/run/mssclamp/control");
	assert_string_equal(config->control.group, "mssclamp");
	assert_string_equal(config->control.admin_group, "mssclamp-admin");
	assert_true(config->metrics.per_peer);
	assert_int_equal(config->metrics.max_peers, 1000);
}

/* One bad file and its error, without "main.conf:" in front. */
struct bad_file {
	const char *name, *text, *error;
};

/* Each gives exactly that one error and no configuration. */
static inline void assert_bad_files(struct fixture *fixture, const struct bad_file *bad,
				    size_t count)
{
	char expected[1024];

	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", bad[i].name);
		assert_int_equal(load_text(fixture, bad[i].text), -EINVAL);
		assert_null(fixture->config);
		snprintf(expected, sizeof(expected), "main.conf:%s\n", bad[i].error);
		assert_lines(fixture, fixture->report.errors, fixture->report.error_count,
			     expected);
	}
}

#define config_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
