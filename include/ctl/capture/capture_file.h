/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that `capture -w` writes: each SYN as it came and as it left. It grows as they pass and
 * can be read at any time. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/options/ctl.h"

struct capture_file {
	const char *path; /* borrowed; "-": stdout */
	FILE *out;        /* NULL until it is opened */
};

/* Creates it or writes it anew, and writes its header. Returns an enum ctl_exit, said. */
int capture_file_open(const struct ctl *ctl, struct capture_file *file);
/* Adds both packets of a CapturedSyn. */
void capture_file_add(struct capture_file *file, const json_t *syn);
/* Hands over what was added. Returns an enum ctl_exit: said, but where nobody reads a pipe. */
int capture_file_flush(const struct ctl *ctl, struct capture_file *file);
/* Closes it: the same. Fine where it is not open. */
int capture_file_close(const struct ctl *ctl, struct capture_file *file);
