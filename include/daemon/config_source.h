/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of one configuration file as libconfig gets it, @include resolved.
 *
 * libconfig 1.5 is not left alone with files: it takes 99999999999 for 1215752191, an unclosed
 * comment for the end, and ends the process where an @include names a directory. So a scan of ours
 * comes first: it drops comments, puts an L behind integers wider than 31 bits, and reads included
 * files itself. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/config_report.h"

#define SOURCE_FILE_MAX (1024 * 1024)      /* bytes of one file */
#define SOURCE_TOTAL_MAX (4 * 1024 * 1024) /* bytes with all included files */
#define SOURCE_DEPTH_MAX 10                /* files that include each other */

/* From this line of the text on, lines are those of file, beginning with file_line. */
struct source_span {
	unsigned int text_line, file_line;
	size_t file;
};

struct config_source {
	char *text; /* ended by NUL */
	size_t len, capacity;
	unsigned int lines; /* newlines in text */
	char **files;
	size_t file_count;
	struct source_span *spans;
	size_t span_count;
};

/* Reads the file; relative includes are looked for beside the file that includes. What is wrong
 * goes to the report as one error. Returns 0, -ENOENT (no such file, nothing reported), -EINVAL
 * (reported) or -ENOMEM. config_source_done is due in every case. */
int config_source_read(struct config_source *source, const char *file,
		       struct config_report *report);
void config_source_done(struct config_source *source);

/* Where a line of the text comes from. The file's name is borrowed from the source. */
struct config_where config_source_where(const struct config_source *source, unsigned int text_line);
