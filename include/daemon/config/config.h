/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: a table of settings, read with libconfig, checked whole, then handed over. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "daemon/config/config_report.h"
#include "edge/firewall/firewall.h"
#include "policy/snapshot/rules.h"

enum config_mode { MODE_QUEUE, MODE_OFFLOAD, MODE_MARK, MODE_AUDIT };

/* One entry of `tunnels`: facts that discovery cannot see. */
struct config_tunnel {
	char *match, *kind, *cipher, *auth, *status_file, *over; /* NULL: not given */
	uint32_t path_mtu, extra;                                /* bytes, 0: not given */
};

/* Every setting of mssclamp.conf(5). Never changed once built. */
struct config {
	enum config_mode mode;
	enum firewall_backend firewall;
	unsigned int hooks; /* FIREWALL_* bits */
	bool fallback;
	uint16_t queue_first;
	uint16_t queue_count; /* 0: one a CPU, at most 4 */
	uint32_t queue_max_packets;
	uint32_t per_source; /* SYNs a second, 0: no limit */
	struct rules *rules;
	struct config_tunnel *tunnels;
	size_t tunnel_count;
	struct {
		bool probe, set_route_mtu;
		uint64_t interval_ns;
		uint32_t rate_pps, floor4, floor6;
		char *state;
	} path;
	uint32_t mark_bits;
	char *offload_backend;
	bool insert_missing;
	bool clamp_tcp_ao;
	struct {
		uint32_t below4, below6;
		enum low_mss_action action;
	} low_mss;
	struct {
		uint64_t for_ns;
		double fragments_per_second, reassembly_failures_per_second;
		double retransmit_percent, syns_retried_percent;
		double fail_open_per_second, drops_per_second;
		double path_mtu_falls_per_hour, rules_reinstalled_per_hour;
		char *command, *mail;
	} alerts;
	struct {
		char *socket, *group, *admin_group;
	} control;
	struct {
		bool per_peer;
		uint32_t max_peers;
	} metrics;
	size_t file_count;     /* files that were read */
	bool has_main_file;    /* among them the one that drop-ins belong to */
	json_t *effective;     /* path -> {"value","file","line"} of what the files set */
	json_t *presets;       /* path -> value where the files say nothing */
};

#define CONFIG_DEFAULT_FILE "/etc/mssclamp.conf"

/* What a file is that is not there. */
enum config_absent { CONFIG_ABSENT_IS_FINE, CONFIG_ABSENT_WARNS, CONFIG_ABSENT_FAILS };

/* Reads FILE and the drop-ins FILE.d/ *.conf in C order (scalars and arrays replace, list entries
 * append). An empty file is valid, and so is a missing one unless absent says otherwise. Returns 0
 * and the owned configuration, -EINVAL with at least one error in the report, or -ENOMEM. The
 * report, filled either way, has one syntax error of each file at most and every other error of
 * what stands before it; config_report_done is due. */
int config_load(const char *file, enum config_absent absent, struct config **ret_config,
		struct config_report *ret_report);
void config_free(struct config *config);

/* What differs between two configurations, as reload tells it:
 * [{"path","old","new","file","line"}]. Owned, or NULL (out of memory). */
json_t *config_diff(const struct config *old_config, const struct config *new_config);

/* The settings that differ and need a restart: [path, ...] (queue numbers, firewall backend).
 * Owned, or NULL. */
json_t *config_needs_restart(const struct config *old_config, const struct config *new_config);
