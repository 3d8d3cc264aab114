/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All facts of one client: what it asked for, where they come from, and when each is looked at. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/names.h"
#include "facts/openvpn/status_watch.h"
#include "facts/ppp/ppp.h"
#include "facts/process.h"
#include "facts/tunnels.h"
#include "facts/wireguard/wireguard.h"

#define COLLECTOR_SOURCES 5

struct collector {
	bool asked;
	struct facts_question question;
	struct netns netns; /* of the client */
	struct tunnels tunnels;
	struct facts status; /* of the question's files */
	RECORD_LIST(struct status_watch) status_watches; /* beside status.status */
	struct wireguard wireguard;
	struct ppp ppp;
	struct names names;
	uint64_t due_ns[COLLECTOR_SOURCES];
	bool unanswered;    /* a question is, until answer_ns */
	uint64_t answer_ns;
	uint64_t early_until_ns; /* some things are looked at more often before */
	bool loud;          /* something has to be told */
	uint64_t quiet_ns;  /* something may be told from then on; UINT64_MAX: nothing */
};

/* Takes the netns by value; nothing is looked at before a question. */
void collector_init(struct collector *collector, const struct netns *netns);
void collector_done(struct collector *collector);

/* Takes the question: all is looked at again at once, and told. */
int collector_ask(struct collector *collector, struct facts_question *question);

/* Looks at what is due. Returns 0 or -ENOMEM. */
int collector_refresh(struct collector *collector, uint64_t now_ns);

/* When something is due next: CLOCK_BOOTTIME, UINT64_MAX: never. */
uint64_t collector_due(const struct collector *collector);

/* Whether there is news that have to be told. */
bool collector_has_news(const struct collector *collector, uint64_t now_ns);

/* All facts as one message, owned, or NULL (out of memory). Then there are no news. */
json_t *collector_tell(struct collector *collector);
