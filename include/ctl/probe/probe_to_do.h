/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody has to do about what a probe has found, in words and lines to be copied. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "ctl/options/ctl.h"
#include "ctl/probe/probe_around.h"
#include "ctl/screen/output.h"

/* A paragraph: the word that carries it, painted, then the rest. */
void probe_say(const struct ctl *ctl, enum paint paint, const char *head, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A line to be copied: never broken. */
void probe_say_recipe(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A rule for the address that was asked about. */
void probe_say_rule(const struct ctl *ctl, const json_t *reply, const char *mtu);

/* The paragraph "To do:". */
void probe_say_to_do(const struct ctl *ctl, const json_t *reply, const struct probe_around *around);
