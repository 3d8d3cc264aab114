/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for people out of the configuration files of wg-quick and awg-quick, read when they have
 * changed. They hold private keys: what is read is wiped. */
#pragma once

#include <stdint.h>

#include "facts/change.h"
#include "proto/facts.h"

struct names {
	struct facts facts;   /* names */
	uint64_t fingerprint; /* of the files as they were */
};

/* folders ends with NULL. Returns a change, or -ENOMEM. */
int names_refresh(struct names *names, const char *const *folders);
void names_done(struct names *names);
