/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what a program has said has arrived. */
#pragma once

#include <stdbool.h>

/* Ends standard output: false where some of it is lost, which is said on standard error in the name
 * of the program and once; not where nobody reads any more (EPIPE). */
bool written_all(const char *program);
