/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log as a file for the length of one test: setup and teardown of cmocka. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

static int real_stderr = -1;
static FILE *captured;

static inline int capture_begin(void **state)
{
	(void)state;
	captured = tmpfile();
	real_stderr = dup(STDERR_FILENO);
	if (!captured || real_stderr < 0 || dup2(fileno(captured), STDERR_FILENO) < 0)
		return -1;
	log_set_max(LOG_INFO);
	return 0;
}

static inline int capture_end(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	fclose(captured);
	return 0;
}

/* What was logged since the last call, at most size - 1 bytes. */
static inline size_t capture_take(char *text, size_t size)
{
	size_t n;

	rewind(captured);
	n = fread(text, 1, size - 1, captured);
	text[n] = '\0';
	assert_int_equal(ftruncate(fileno(captured), 0), 0);
	rewind(captured);
	lseek(fileno(captured), 0, SEEK_SET);
	return n;
}
