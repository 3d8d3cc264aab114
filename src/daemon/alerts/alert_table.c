/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/alerts/alert_table.h"

#include "base/array.h"
#include "base/clock.h"
#include "daemon/config/config.h"

#define THRESHOLD(name)                                                                            \
	.setting = "alerts." #name, .threshold = offsetof(struct config, alerts.name)
#define RATE(counter)                                                                              \
	.measure = ALERT_RATE, .window_ns = 10 * NS_PER_SECOND, .part = (counter),                 \
	.whole = COUNT_NONE
#define SHARE(counter, of)                                                                         \
	.measure = ALERT_SHARE, .window_ns = 60 * NS_PER_SECOND, .part = (counter), .whole = (of)
#define TOTAL(counter)                                                                             \
	.measure = ALERT_TOTAL, .window_ns = 3600 * NS_PER_SECOND, .part = (counter),              \
	.whole = COUNT_NONE

const struct alert_row alert_rows[] = {
	{ "fragments_ipv4", THRESHOLD(fragments_per_second), RATE(COUNT_FRAGMENTS_IPV4),
	  .unit = "IPv4 fragments made a second",
	  .message_id = "6abc489d309548479426cecedcf7f7bd" },
	{ "fragments_ipv6", THRESHOLD(fragments_per_second), RATE(COUNT_FRAGMENTS_IPV6),
	  .unit = "IPv6 fragments made a second",
	  .message_id = "c166a9c4f83c4b89a6d4e66cb52c9cae" },
	{ "reassembly_ipv4", THRESHOLD(reassembly_failures_per_second),
	  RATE(COUNT_NOT_REASSEMBLED_IPV4), .unit = "failed IPv4 reassemblies a second",
	  .message_id = "2bfa019bfb834ef6b65fcef57c9ce6ff" },
	{ "reassembly_ipv6", THRESHOLD(reassembly_failures_per_second),
	  RATE(COUNT_NOT_REASSEMBLED_IPV6), .unit = "failed IPv6 reassemblies a second",
	  .message_id = "124e01e929aa4fa4adc258d9f90186a7" },
	{ "retransmissions", THRESHOLD(retransmit_percent),
	  SHARE(COUNT_TCP_SENT_AGAIN, COUNT_TCP_SENT), .least = 200,
	  .unit = "% of this host's TCP segments sent again",
	  .message_id = "ea26172c52bc416ca36230f3c719ef68" },
	{ "syns_retried", THRESHOLD(syns_retried_percent), SHARE(COUNT_SYNS_AGAIN, COUNT_SYNS),
	  .least = 50, .unit = "% of SYNs sent again",
	  .message_id = "4ab3b8816d9446ecab6a4397e45fd024" },
	{ "fail_open", THRESHOLD(fail_open_per_second), RATE(COUNT_FAIL_OPEN),
	  .unit = "SYNs a second that passed a full queue unclamped",
	  .message_id = "74a016a1850f449a87262570843f39fd" },
	{ "drops", THRESHOLD(drops_per_second), RATE(COUNT_DROPPED),
	  .unit = "SYNs a second dropped by a queue",
	  .message_id = "74fdd0cb3ce24a2bba72030be2e1fa6f" },
	{ "path_mtu_falls", THRESHOLD(path_mtu_falls_per_hour), TOTAL(COUNT_PATH_MTU_FALLS),
	  .unit = "falls of a path MTU within an hour",
	  .message_id = "4578a7b55fa04efd8354a548d1dda086" },
	{ "rules_reinstalled", THRESHOLD(rules_reinstalled_per_hour), TOTAL(COUNT_REINSTALLED),
	  .unit = "repairs of our rules within an hour",
	  .message_id = "f60cc01794a44932af8996f1b7943f7b" },
};
const size_t alert_row_count = COUNT(alert_rows);

struct alert_rule alert_row_rule(const struct alert_row *row, const struct config *config)
{
	const char *base = (const char *)config;

	return (struct alert_rule){
		.measure = row->measure,
		.threshold = *(const double *)(const void *)(base + row->threshold),
		.window_ns = row->window_ns,
		.for_ns = config->alerts.for_ns,
		.least = row->least,
	};
}
