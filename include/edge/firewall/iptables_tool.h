/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs of iptables: which there are, and one run of one of them with arguments that are
 * fixed. A run is asked for by numbers and text, so that another process can carry it out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edge/child.h"

#define IPTABLES_FAMILIES 2
#define IPTABLES_VARIANTS 3
#define IPTABLES_INPUT_MAX (1u << 20)
#define IPTABLES_TIMEOUT_MS 7000 /* a run; the lock of iptables-legacy may take 5 s (-w 5) of it */

/* The variants in the order of preference. Before iptables 1.8 names were plain, all was legacy. */
struct iptables_tools {
	const char *name;
	const char *program[IPTABLES_FAMILIES]; /* less "-save" or "-restore" */
	bool by_nft;                            /* rules live in nftables: there are events */
};
extern const struct iptables_tools iptables_variants[IPTABLES_VARIANTS];

enum iptables_action {
	IPTABLES_SAVE,    /* table mangle, with counters */
	IPTABLES_TRY,     /* parses and checks, commits nothing */
	IPTABLES_RESTORE, /* beside what is there */
	IPTABLES_ACTIONS,
};

struct iptables_request {
	uint8_t variant; /* of iptables_variants */
	uint8_t family;  /* 0 IPv4, 1 IPv6 */
	uint8_t action;
};

/* Who carries a request out. */
struct iptables_runner {
	int (*run)(void *userdata, const struct iptables_request *request, const char *input,
		   struct child_result *ret_result);
	void *userdata;
};

/* The path of the program that a request runs. Returns whether it exists. */
bool iptables_tool_find(const struct iptables_request *request, char path[CHILD_PATH_MAX]);

/* Runs it as a child of this process, which vouches for the input; none for a save. Returns as
 * child_run does, or -ENOENT without such a program, -EINVAL where there is no such request. */
int iptables_tool_run(const struct iptables_request *request, const char *input,
		      struct child_result *ret_result);

/* Whether the text is such as we write it for iptables-restore: table mangle alone, our chain, and
 * rules of which no word can run a program or name a file. What is quoted has no escapes. Pure. */
bool iptables_input_is_ours(const char *input);
