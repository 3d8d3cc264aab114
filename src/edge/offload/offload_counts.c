/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload_counts.h"

#include <stdlib.h>

void offload_counts_done(struct offload_counts *counts)
{
	free(counts->list);
	*counts = (struct offload_counts){ 0 };
}
