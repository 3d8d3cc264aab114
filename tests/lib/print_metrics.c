/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the table of doc/metrics.md from the table of metrics. */
#include <stdio.h>
#include <string.h>

#include "daemon/metrics/rows.h"

/* "a, b" as "`a` `b`". */
static void print_labels(const char *labels)
{
	while (*labels) {
		size_t len = strcspn(labels, ",");

		printf("`%.*s` ", (int)len, labels);
		labels += len;
		labels += strspn(labels, ", ");
	}
}

int main(void)
{
	puts("| name | type | labels | what it tells |\n| --- | --- | --- | --- |");
	for (size_t i = 0; i < metrics_row_count; i++) {
		const struct metrics_row *row = &metrics_rows[i];

		printf("| `%s` | %s | ", row->metric.name, exposition_type_name(row->metric.type));
		print_labels(row->labels);
		printf("| %s |\n", row->metric.help);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
