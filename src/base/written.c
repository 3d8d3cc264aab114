/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/written.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Why something was lost before: what becomes of one newline more. 0: that is written. */
static int find_cause(void)
{
	clearerr(stdout);
	errno = 0;
	return putchar('\n') == EOF || fflush(stdout) != 0 ? errno : 0;
}

bool written_all(const char *program)
{
	bool lost = ferror(stdout);
	int broken = 0;

	errno = 0;
	if (fflush(stdout) != 0)
		broken = errno;
	else if (!lost)
		return true;
	if (!broken)
		broken = find_cause();
	clearerr(stdout); /* it is said once */
	if (broken != EPIPE)
		fprintf(stderr, "%s: cannot write the output: %s\n", program,
			broken ? strerror(broken) : "some of it is lost");
	return false;
}
