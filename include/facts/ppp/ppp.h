/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pppd behind each ppp device that was asked for, found by its pid file. */
#pragma once

#include "facts/change.h"
#include "proto/facts.h"

struct ppp_watch;

struct ppp {
	struct facts facts; /* ppp */
	RECORD_LIST(struct ppp_watch) watches; /* beside facts.ppp */
};

/* folders, ended by NULL, may hold pid files. Returns a change, or -ENOMEM. */
int ppp_refresh(struct ppp *ppp, const struct facts_question *question,
		const char *const *folders);
void ppp_done(struct ppp *ppp);
