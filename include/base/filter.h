/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seccomp filters from tables of system calls that are allowed. What no table names is refused with
 * EPERM and remembered (base/denied); a call of another architecture ends the process. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sock_filter;

enum filter_test {
	FILTER_ANY,    /* whatever the arguments are */
	FILTER_EQUAL,  /* (argument & mask) == value */
	FILTER_NOSYS,  /* not allowed: ENOSYS, silently, for libc has another way */
};

/* One row. Rows of the same call are alternatives. */
struct filter_call {
	const char *name;      /* one that this machine has not is stepped over */
	enum filter_test test;
	unsigned int argument; /* from 0; pointers cannot be looked behind */
	uint64_t mask, value;
};

struct filter_table {
	const struct filter_call *calls;
	size_t count;
};

/* A filter as the kernel takes it. Zeroed: none. */
struct filter {
	struct sock_filter *steps; /* owned */
	size_t count;
};

/* Returns 0 and the filter, which filter_done frees, or -errno. Rows in front are found sooner. */
int filter_build(const struct filter_table *tables, size_t count, struct filter *ret_filter);
/* The other way round: all is allowed, and what the tables name (as FILTER_ANY or under its test)
 * is refused with EPERM, silently. For processes that run programs of others. */
int filter_build_refusing(const struct filter_table *tables, size_t count,
			  struct filter *ret_filter);
void filter_done(struct filter *filter);

/* Puts the calling thread, and those that it starts from now on, under the filter as well as under
 * those that it is under already. Needs no_new_privs. No memory, no lock. Returns 0 or -errno. */
int filter_enter(const struct filter *filter);
