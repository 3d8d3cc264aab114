/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was asked of tune, and what it has found: all of its files know that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "ctl/tune/iperf_result.h"
#include "ctl/tune/tune_search.h"

#define TUNE_RUNS_MAX 64 /* more than a search takes */

struct tune_options {
	const char *host, *port;
	const char *bind;    /* own address, or NULL */
	const char *via;     /* interface, or NULL */
	const char *compare; /* interface of the runs beside it, or NULL */
	const char *rate;    /* as iperf3 takes it, or NULL */
	uint64_t seconds;    /* of one run */
	const char *html;    /* where to write the page, or NULL */
	bool addresses;
};

/* One transfer. */
struct tune_run {
	bool compare, down;
	uint32_t asked; /* MSS that was asked for, 0: as the system has it */
	struct iperf_result result;
	uint64_t fragments_made, reassembled; /* on this host meanwhile; UINT64_MAX: unknown */
	enum tune_verdict verdict;
};

enum tune_outcome {
	TUNE_ALL_PASS,  /* what the interface allows passes */
	TUNE_LIMITED,   /* less than that passes, and it is known how much */
	TUNE_NONE_PASS, /* not even what every path carries: not a matter of size */
};

enum tune_probe_state {
	TUNE_PROBE_FAILED,    /* it was not measured */
	TUNE_PROBE_NO_DAEMON,
	TUNE_PROBE_DENIED,
	TUNE_PROBE_NO_ANSWER, /* nobody there answers probes */
	TUNE_PROBE_MEASURED
};

struct tune_probe {
	enum tune_probe_state state;
	uint32_t mtu;      /* bytes of the largest IP packet to that host, 0 unknown */
	bool by_icmp;      /* a router said so, and nobody could confirm it */
	bool in_pieces;    /* larger ones arrive, in fragments */
	bool outside;      /* no tunnel of mssclampd leads there; none does to its endpoint */
	char tunnel[64];   /* that leads there though it is no far end of it, "": none */
};

struct tune_report {
	struct tune_run runs[TUNE_RUNS_MAX];
	size_t count;
	enum family family;
	char remote[64];       /* address of the host */
	int timestamps;        /* in each segment of TCP: 1, 0; -1: nobody tells, taken as on */
	uint32_t baseline_mss; /* as announced without asking: bytes, 0: unknown */
	uint32_t largest_mss;  /* the largest that passes, 0: none */
	bool discovered;       /* the kernel makes no larger segments: it was told of the path */
	enum tune_outcome outcome;
	struct tune_pace pace; /* of the runs so far that are not beside the tunnel */
	uint32_t daemon_mss;   /* what mssclampd has for that host, 0: unknown */
	bool daemon_asked;     /* it runs and has answered */
	char interface[64];    /* that leads there, "": unknown */
	char daemon_why[256];  /* why it has not */
	struct tune_probe probe; /* the same path, measured by mssclampd */
	double seconds;        /* how long it took */
};

/* The largest IP packet that passes: bytes, 0 unknown. */
static inline uint32_t tune_largest_packet(const struct tune_report *report)
{
	uint32_t ip = report->family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN;

	return report->largest_mss ? report->largest_mss + TCP_HEADER_MIN + ip : 0;
}
