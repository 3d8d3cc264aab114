/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pppd's command line and option files say of the link below (pppd(8)). Pure: files come from
 * the caller. Passwords are stepped over. */
#pragma once

#include <stddef.h>

#include "proto/facts.h"

/* Gives the text of an options file. Returns 0 and an owned text, which is wiped and freed by who
 * asked, or -errno. */
typedef int (*ppp_file_reader)(void *userdata, const char *path, char **ret_text, size_t *ret_len);

/* argv as /proc/PID/cmdline has it. read may be NULL. Returns 0 and an owned record (ifname, pid
 * and uid not set), or -ENOMEM. */
int ppp_options_parse(const char *argv, size_t len, ppp_file_reader read, void *userdata,
		      struct facts_ppp *ret_ppp);
