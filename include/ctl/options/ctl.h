/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every command of mssclampctl gets: how to reach the daemon and how to speak to the
 * caller. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CTL_SCHEMA 1 /* number of the JSON layout: share/schema */
#define CTL_DEFAULT_SOCKET "/run/mssclamp/control"

/* Exit codes. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_NOT_RUNNING = 3,
	CTL_DENIED = 4,
	CTL_NOT_FOUND = 5,
	CTL_BAD_CONFIG = 6,
	CTL_UNKNOWN = 7, /* cannot tell: no answer in time */
	CTL_FOUND = 256, /* found a problem (degraded, rules missing): leaves as CTL_FAILED, but
			  * is no reason to end --every */
};

/* What a repeated screen remembers of its last turn. */
struct ctl_memory {
	json_t *last;     /* owned, NULL before the first turn */
	uint64_t last_ns; /* CLOCK_BOOTTIME of that turn */
};

struct ctl {
	const char *program;       /* whose words on stderr these are; NULL: mssclampctl */
	const char *socket;        /* path of the control socket */
	uint64_t timeout_ns;       /* for the connection and each answer */
	uint64_t every_ns;         /* 0: once */
	bool json;                 /* one JSON object on stdout, errors too; also with json_lines */
	bool json_lines;           /* on a line of its own */
	bool quiet;                /* no warnings, and no text where the exit code says it all */
	bool utf8;                 /* the terminal shows UTF-8 and nobody asked for ASCII */
	bool colour;
	bool terminal;             /* stdout is one */
	unsigned int width;        /* columns of the screen */
	int interrupt_fd;          /* readable once SIGINT arrived, -1 where SIGINT just kills */
	struct ctl_memory *memory; /* borrowed, never NULL */
};
